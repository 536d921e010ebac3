//! What a role grants: a permission, or a pattern that covers many.
//!
//! Patterns exist here alone. The same letters in a token are only letters.

use std::fmt;
use std::str::FromStr;

/// A permission, `*`, or a prefix ending in `:*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grant {
    /// This permission, to the letter.
    Exact(Box<str>),
    /// Every permission that begins with this, which ends in `:`.
    Prefix(Box<str>),
    /// Every permission.
    All,
}

/// Why a text is no grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantFault {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It holds a `|`, which parts alternatives in what a caller is told.
    #[error("it holds a `|`")]
    Bar,
    /// It holds a control character.
    #[error("it holds a control character")]
    Control,
    /// A `*` elsewhere than alone or behind a final `:`.
    #[error("a `*` stands only for itself or at the end, behind a `:`")]
    Star,
}

impl Grant {
    /// True where a permission is covered.
    pub fn covers(&self, permission: &str) -> bool {
        match self {
            Self::Exact(text) => **text == *permission,
            Self::Prefix(prefix) => permission.starts_with(&**prefix),
            Self::All => true,
        }
    }

    /// True where all that another covers is covered.
    pub fn covers_grant(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (_, Self::All) => false,
            (_, Self::Exact(text)) => self.covers(text),
            (Self::Prefix(prefix), Self::Prefix(narrower)) => narrower.starts_with(&**prefix),
            (Self::Exact(_), Self::Prefix(_)) => false,
        }
    }

    /// True for `*` and for what ends in `:*`.
    pub fn is_pattern(&self) -> bool {
        !matches!(self, Self::Exact(_))
    }
}

impl FromStr for Grant {
    type Err = GrantFault;

    fn from_str(text: &str) -> Result<Self, GrantFault> {
        match text {
            "" => return Err(GrantFault::Empty),
            "*" => return Ok(Self::All),
            _ if text.contains('|') => return Err(GrantFault::Bar),
            _ if text.bytes().any(|byte| byte.is_ascii_control()) => {
                return Err(GrantFault::Control);
            }
            _ => {}
        }
        match text.strip_suffix('*') {
            Some(prefix) if prefix.ends_with(':') && !prefix.contains('*') => {
                Ok(Self::Prefix(prefix.into()))
            }
            Some(_) => Err(GrantFault::Star),
            None if text.contains('*') => Err(GrantFault::Star),
            None => Ok(Self::Exact(text.into())),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => f.write_str(text),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::All => f.write_str("*"),
        }
    }
}
