//! portcullis: who is calling, and what may they do.
pub mod gateway;
pub mod mint;
pub mod node;
pub mod protocol;
pub mod replay;
