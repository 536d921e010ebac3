//! portcullis: who is calling, and what may they do.
pub mod gateway;
