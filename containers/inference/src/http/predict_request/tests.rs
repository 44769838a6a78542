use super::*;

const LIMITS: Limits = Limits {
    body_bytes: 1000,
    inputs: 3,
    text_characters: 10,
};

fn json(body: &str) -> Result<Vec<Input>, Failure> {
    read(Media::Json, Bytes::copy_from_slice(body.as_bytes()), &LIMITS).map(|requested| requested.inputs)
}

fn fields(body: &str) -> Vec<String> {
    match json(body) {
        Err(Failure::InvalidRequest(problems)) => problems.into_iter().map(|problem| problem.field).collect(),
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn one_input_or_several_are_read_in_the_order_given() {
    assert_eq!(json(r#"{"text": "good"}"#).unwrap(), [Input::Text("good".to_owned())]);
    let several = json(r#"{"inputs": [{"text": "a"}, {"image": "iVBO"}]}"#).unwrap();
    assert_eq!(
        several,
        [
            Input::Text("a".to_owned()),
            Input::Picture(Bytes::from_static(b"\x89PN"))
        ]
    );
}

#[test]
fn every_field_that_is_wrong_is_named() {
    assert_eq!(fields(r#"{"txt": "good"}"#), ["txt", "(body)"]);
    assert_eq!(fields(r#"{"text": "good", "top": 1}"#), ["top"]);
    assert_eq!(
        fields(r#"{"inputs": [{"text": "a"}, {"text": 3}, {"text": "b", "k": 1}]}"#),
        ["inputs[1].text", "inputs[2].k"]
    );
    assert_eq!(fields(r#"{"inputs": [], "text": "a"}"#), ["text", "inputs"]);
    assert_eq!(
        fields(r#"{"inputs": [1, {}, {"image": "?"}]}"#),
        ["inputs[0]", "inputs[1]", "inputs[2].image"]
    );
    assert_eq!(fields(r#"{"text": null}"#), ["text"]);
    assert_eq!(fields(r#"{"text": "a", "image": "aaaa"}"#), ["image"]);
    assert_eq!(fields("[]"), ["(body)"]);
    assert_eq!(fields(r#"{"text": "a", "text": "b"}"#), ["(body)"]);
    assert_eq!(fields(r#"{"inputs": {"text": "a"}}"#), ["inputs"]);
}

#[test]
fn a_text_is_measured_in_characters() {
    assert!(json(r#"{"text": "ääääääääää"}"#).is_ok(), "10 characters of 2 bytes");
    assert_eq!(fields(r#"{"text": "ääääääääääa"}"#), ["text"]);
    assert!(json(r#"{"text": ""}"#).is_ok(), "a row without text is a row");
    assert_eq!(
        fields(r#"{"inputs": [{"text": "a"}, {"text": "a"}, {"text": "a"}, {"text": "a"}]}"#),
        ["inputs"]
    );
}

#[test]
fn what_is_no_json_is_malformed() {
    for body in [
        "{",
        "nonsense",
        "{\"text\": \"a\"} trailing",
        "\u{feff}{}",
        &"[".repeat(500),
    ] {
        assert!(matches!(json(body), Err(Failure::MalformedJson)), "{body}");
    }
    assert!(matches!(
        read(Media::Json, Bytes::from_static(b"{\"text\": \"\xff\"}"), &LIMITS),
        Err(Failure::MalformedJson)
    ));
    assert!(matches!(json(""), Err(Failure::EmptyBody(_))));
}

#[test]
fn the_media_type_decides_how_the_body_is_read() {
    let of = |value: &str| Media::of(&HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]));
    assert_eq!(of("application/json; charset=utf-8").unwrap(), Media::Json);
    assert_eq!(of("IMAGE/PNG").unwrap(), Media::Picture);
    assert!(of("text/plain").is_err() && of("application/jsonx").is_err() && Media::of(&HeaderMap::new()).is_err());
}
