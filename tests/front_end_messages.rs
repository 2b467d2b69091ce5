//! The back-end API's documentation is what its messages are declared as.
#![cfg(not(target_arch = "wasm32"))]

use std::fmt::Write;

use edgegrant::endpoint::front_end::{ACTIONS, MESSAGES, RESULTS};

const FILE: &str = "docs/front_end_api.md";

/// `UPDATE=1 cargo test --all-features --test front_end_messages` writes the file anew.
#[test]
fn the_documentation_is_the_messages() {
    let mut made = String::from(
        "# The messages of the back-end API\n\n\
         What a front end asks, and what it is answered; made from `src/endpoint/front_end/`. How to use it:\n\
         [profiles/authlete.md](profiles/authlete.md).\n\n\
         A member that is not set is left out, `null`, `0`, `false`, empty, or an empty list: all mean the default. Members \
         that are not\nlisted are passed over.\n\n\
         Every answer has `resultCode`, `resultMessage` and `action`, and `responseContent` where the front end sends \
         something on.\n\n| `action` | what the front end does |\n| --- | --- |\n",
    );
    for (action, summary) in ACTIONS {
        writeln!(made, "| `{action}` | {summary} |").unwrap();
    }
    made.push_str("\n| `resultCode` | |\n| --- | --- |\n");
    for result in RESULTS {
        writeln!(made, "| `{}` | {} |", result.code, result.summary).unwrap();
    }
    for message in MESSAGES {
        write!(
            made,
            "\n## {}\n\n{}\n\n| member | type | |\n| --- | --- | --- |\n",
            message.title,
            message.about.trim()
        )
        .unwrap();
        for row in message.rows {
            writeln!(made, "| `{}` | {} | {} |", row.name, row.kind, row.doc.trim()).unwrap();
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FILE, &made).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(committed == made, "{FILE} is not what the source says: run with UPDATE=1");
}

#[test]
fn what_is_listed_is_listed_once() {
    let mut codes: Vec<_> = RESULTS.iter().map(|result| result.code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), RESULTS.len());
    for message in MESSAGES {
        let mut names: Vec<_> = message.rows.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), message.rows.len(), "{}", message.title);
    }
}
