//! The example of the contract.

use crate::file;

const EXAMPLE: &str = include_str!("example.toml");

#[test]
fn the_example_loads() {
    let configuration = file("conf/example.toml", EXAMPLE).unwrap();
    insta::assert_snapshot!("policy", format!("{:#?}", configuration.policy));
    insta::assert_snapshot!("settings", format!("{:#?}", configuration.settings));
    insta::assert_snapshot!("tree", format!("{:#}", configuration.to_json()));
}
