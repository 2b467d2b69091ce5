//! Enums whose variants have names: on the wire, in the configuration, in a policy.

/// Declares an enum whose variants have names on the wire and in the configuration.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        #[derive(Clone, Copy, Debug, deserr::Deserr, Eq, Ord, PartialEq, PartialOrd, serde::Serialize)]
        $(#[$doc])*
        #[deserr(error = crate::mistake::Mistakes)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$variant_doc])*
            #[deserr(rename = $text)]
            #[serde(rename = $text)]
            #[cfg_attr(feature = "schema", schemars(rename = $text))]
            $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The one of this name.
            pub fn named(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use named;
