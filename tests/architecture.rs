//! The import rule and the other promises about the sources that no compiler keeps.
//!
//! A module is a file or folder right under `src` or `js`. It may name itself and the modules of the
//! layers below its own, nothing beside it and nothing above. A new module must be placed here.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::{Path, PathBuf};

/// From the lowest layer to the highest.
const RUST: &[&[&str]] = &[
    &["http", "json", "mistake", "secret", "time"],
    &["error", "jose", "named"],
    &["form", "scope", "subscriber"],
    &["consent", "purpose", "resource"],
    &["client", "inspect", "verifier"],
    &["policy"],
    &["profile"],
    &["claims", "host"],
    &["keys", "pairwise"],
    &["issuer"],
    &["store"],
    &["token"],
    &["client_authentication"],
    &["backchannel", "grant"],
    &["config"],
    &["endpoint"],
    &["suspend"],
    &["wasm"],
];

/// From the lowest layer to the highest; `core` is compiled from Rust.
const TYPESCRIPT: &[&[&str]] = &[
    &["core", "types"],
    &["outbound"],
    &["drive", "load", "signer", "store"],
    &["verify"],
    &["inspect", "policy"],
    &["effects", "http", "operator", "transcript"],
    &["index", "sign"],
    &["cli"],
];

/// Systems whose dialects only a profile may know.
const DIALECTS: &[&str] = &["decathlon", "hiiretail", "authlete", "yaas", "opengateway", "camara"];
const DIALECT_FREE: &[&str] = &["jose", "policy", "store", "client_authentication", "grant", "endpoint"];

/// What no Rust source may say, and who may all the same.
const FORBIDDEN: &[(&str, Option<&str>)] = &[
    ("wasm_bindgen", Some("src/wasm")),
    ("js_sys", Some("src/wasm")),
    // Nothing is decrypted with RSA, and no signature is made without blinding (RUSTSEC-2023-0071).
    (".decrypt(", None),
    ("Pkcs1v15Encrypt", None),
    ("Oaep", None),
    ("hazmat", None),
    ("blinded: false", None),
    (".sign(None", None),
    ("clippy::disallowed", None),
];

const LONGEST_FILE: usize = 500;
const LONGEST_MEDIAN: usize = 150;

#[test]
fn rust_modules_import_only_from_layers_below() {
    let mut faults = Vec::new();
    for file in files("src", &["rs"]) {
        let module = module(&file, "src");
        let code = code(&file);
        if module != "lib" {
            faults.extend(imports_not_below(RUST, &file, &module, &crate_paths(&code)));
        }
        // The other ways to reach a module beside this one.
        let at_root = file.components().count() == 2 || file.ends_with("mod.rs");
        let beside =
            code.lines().any(|line| at_root && line.trim_start_matches("pub ").starts_with("use super::"));
        if beside || code.contains("super::super::") {
            faults.push(format!("{}: name the module by `crate::`", file.display()));
        }
    }
    assert_none(&faults);
}

#[test]
fn typescript_modules_import_only_from_layers_below() {
    let mut faults = Vec::new();
    for file in files("js", &["ts"]) {
        let folder = file.parent().unwrap();
        let targets: Vec<String> = code(&file)
            .split('"')
            .filter(|text| text.starts_with("./") || text.starts_with("../"))
            .map(|path| module(&resolve(folder, path), "js"))
            .collect();
        faults.extend(imports_not_below(TYPESCRIPT, &file, &module(&file, "js"), &targets));
    }
    assert_none(&faults);
}

#[test]
fn only_profiles_know_dialects() {
    let mut faults = Vec::new();
    for file in files("src", &["rs"]) {
        if !DIALECT_FREE.contains(&module(&file, "src").as_str()) {
            continue;
        }
        let words = words(&format!("{} {}", file.display(), read(&file)));
        let pairs = words.windows(2).map(<[String]>::concat);
        for word in words.iter().cloned().chain(pairs) {
            if DIALECTS.contains(&word.as_str()) {
                faults.push(format!("{} names {word}", file.display()));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn sources_keep_what_is_promised() {
    let mut faults = Vec::new();
    for file in files("src", &["rs"]) {
        let code = code(&file);
        for (text, home) in FORBIDDEN {
            if code.contains(text) && home.is_none_or(|home| !file.starts_with(home)) {
                faults.push(format!("{} says {text}", file.display()));
            }
        }
        // Without a generator, the signature is made without blinding.
        if code.contains("Pkcs1v15Sign")
            && code.matches(".sign(").count() != code.matches(".sign(Some(").count()
        {
            faults.push(format!("{} signs with RSA and passes no generator", file.display()));
        }
    }
    assert_none(&faults);
}

#[test]
fn files_are_short() {
    let mut faults = Vec::new();
    let mut lengths = Vec::new();
    for folder in ["src", "js", "tests", "scripts", "bench", "www"] {
        for file in files(folder, &["rs", "ts", "js", "mjs", "sh", "html", "css"]) {
            let length = read(&file).lines().count();
            if length > LONGEST_FILE {
                faults.push(format!("{} has {length} lines", file.display()));
            }
            lengths.push(length);
        }
    }
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap();
    if median >= LONGEST_MEDIAN {
        faults.push(format!("the median file has {median} lines"));
    }
    assert_none(&faults);
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn imports_not_below(layers: &[&[&str]], file: &Path, from: &str, to: &[String]) -> Vec<String> {
    let height = |module: &str| {
        layers.iter().position(|layer| layer.contains(&module)).unwrap_or_else(|| {
            panic!("{}: the module `{module}` has no layer in tests/architecture.rs", file.display())
        })
    };
    let height_of_file = height(from);
    to.iter()
        .filter(|to| *to != from && height(to) >= height_of_file)
        .map(|to| format!("{}: `{from}` must not import `{to}`", file.display()))
        .collect()
}

/// The modules named by `crate::name` and `crate::{name, …}`.
fn crate_paths(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for path in code.split("crate::").skip(1) {
        let Some(group) = path.strip_prefix('{') else {
            names.push(identifier(path));
            continue;
        };
        let mut depth = 0;
        let mut name_follows = true;
        for (at, character) in group.char_indices() {
            match character {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => name_follows = true,
                _ if name_follows && character.is_alphabetic() => {
                    names.push(identifier(&group[at..]));
                    name_follows = false;
                }
                _ => {}
            }
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The words of a text in small letters; `HiiRetail` and `hii_retail` are two words.
fn words(text: &str) -> Vec<String> {
    let mut split = String::new();
    let mut before = ' ';
    for character in text.chars() {
        if before.is_lowercase() && character.is_uppercase() {
            split.push(' ');
        }
        split.push(if character.is_alphanumeric() { character } else { ' ' });
        before = character;
    }
    split.split_whitespace().map(str::to_lowercase).collect()
}

/// The module that a file of `root` belongs to.
fn module(file: &Path, root: &str) -> String {
    let inside = file.strip_prefix(root).unwrap_or_else(|_| panic!("{} is not in {root}", file.display()));
    let first = inside.iter().next().unwrap().to_str().unwrap();
    first.split('.').next().unwrap().to_owned()
}

fn resolve(folder: &Path, path: &str) -> PathBuf {
    let mut resolved = folder.to_path_buf();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => assert!(resolved.pop(), "{path} leaves the project"),
            name => resolved.push(name),
        }
    }
    resolved
}

/// A file's text without comments and documentation.
fn code(file: &Path) -> String {
    const COMMENTS: [&str; 4] = ["//", "/*", "* ", "*/"];
    let text = read(file);
    let lines = text.lines().filter(|line| !COMMENTS.iter().any(|mark| line.trim_start().starts_with(mark)));
    lines.map(|line| line.split(" // ").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn read(file: &Path) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The files under `folder` (relative to the project) with one of these extensions, sorted;
/// compiled and vendored ones are left out.
fn files(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(project.join(&folder)) else { continue };
        for entry in entries {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                if !["core", "target", "vectors"].iter().any(|generated| path.ends_with(generated)) {
                    folders.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
