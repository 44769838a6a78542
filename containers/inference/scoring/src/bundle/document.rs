//! The types of `bundle.json`, written by typify from the committed schema: the contract is stated once.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "the code is generated"
)]

typify::import_types!(schema = "../../../contracts/bundle.schema.json");
