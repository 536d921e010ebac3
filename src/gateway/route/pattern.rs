//! Patterns of paths.

/// The paths that a route is for: literal segments, `{name}` for one segment, and `{*rest}`, at the
/// end, for one or more. Written in the normal form of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePattern {
    text: String,
}

/// The path that a service sees, made of literals and the pattern's parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    text: String,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// It begins with something else than a slash.
    #[error("a pattern begins with `/`")]
    NotAbsolute,
}

impl RoutePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        Ok(Self { text: text.to_owned() })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Rewrite {
    /// Reads a rewrite for the paths of a pattern.
    ///
    /// # Errors
    /// Where it is none, or names a parameter that the pattern has not.
    pub fn parse(text: &str, _pattern: &RoutePattern) -> Result<Self, PatternFault> {
        Ok(Self { text: text.to_owned() })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
