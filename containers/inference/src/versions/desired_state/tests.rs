use proptest::prelude::*;

use super::*;

pub(crate) fn somebody(why: &str) -> Attribution {
    Attribution {
        at: Moment::now(),
        by: "a test".to_owned(),
        why: why.to_owned(),
    }
}

fn percent(weight: u8) -> Weight {
    Weight::try_from(weight).unwrap()
}

#[test]
fn a_version_is_loaded_promoted_and_rolled_back() {
    let first = DesiredState::created(3, somebody("start"));
    let loaded = first.load(4, percent(10), 60, somebody("better")).unwrap().unwrap();
    assert_eq!(
        (loaded.active, loaded.candidate, loaded.weight.percent()),
        (3, Some(4), 10)
    );
    let promoted = loaded.promote(4, somebody("good")).unwrap().unwrap();
    assert_eq!(
        (promoted.active, promoted.candidate, promoted.previous),
        (4, None, Some(3))
    );
    let back = promoted.roll_back(4, somebody("bad")).unwrap().unwrap();
    assert_eq!(
        (back.active, back.candidate, back.previous, back.revision),
        (3, None, None, 4)
    );
    assert_eq!(back.history.last().unwrap().why, "bad");
}

#[test]
fn what_the_document_says_already_changes_nothing() {
    let first = DesiredState::created(3, somebody("start"));
    let loaded = first.load(4, percent(0), 60, somebody("")).unwrap().unwrap();
    assert_eq!(loaded.load(4, percent(0), 60, somebody("again")), Ok(None));
    let promoted = loaded.promote(4, somebody("")).unwrap().unwrap();
    assert_eq!(promoted.promote(4, somebody("again")), Ok(None));
}

#[test]
fn a_change_that_makes_no_sense_is_refused_with_what_to_do() {
    let first = DesiredState::created(3, somebody("start"));
    assert_eq!(
        first.load(3, percent(0), 0, somebody("")),
        Err(Illegal::AlreadyActive(3))
    );
    assert_eq!(first.promote(4, somebody("")), Err(Illegal::NotCandidate(4)));
    assert_eq!(first.roll_back(4, somebody("")), Err(Illegal::NotServed(4)));
    assert_eq!(first.roll_back(3, somebody("")), Err(Illegal::NothingBefore(3)));
    let loaded = first.load(4, percent(0), 0, somebody("")).unwrap().unwrap();
    assert_eq!(
        loaded.load(5, percent(0), 0, somebody("")),
        Err(Illegal::OtherCandidate(4))
    );
}

#[test]
fn a_document_of_another_schema_or_with_unknown_keys_or_an_impossible_weight_is_refused() {
    let good = serde_json::to_value(DesiredState::created(1, somebody("start"))).unwrap();
    assert!(serde_json::from_value::<DesiredState>(good.clone()).is_ok());
    for (key, value) in [
        ("schemaVersion", 2.into()),
        ("weight", 101.into()),
        ("surprise", true.into()),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        assert!(serde_json::from_value::<DesiredState>(bad).is_err(), "{key}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Load(u64, u8),
    Promote(u64),
    RollBack(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..5u64, 0..=100u8).prop_map(|(version, weight)| Step::Load(version, weight)),
        (1..5u64).prop_map(Step::Promote),
        (1..5u64).prop_map(Step::RollBack),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_of_it_the_document_holds_together_and_its_revision_grows_by_one(
        steps in prop::collection::vec(step(), 0..60)
    ) {
        let mut state = DesiredState::created(1, somebody("start"));
        for step in steps {
            let next = match step {
                Step::Load(version, weight) => state.load(version, percent(weight), 60, somebody("")),
                Step::Promote(version) => state.promote(version, somebody("")),
                Step::RollBack(version) => state.roll_back(version, somebody("")),
            };
            if let Ok(Some(next)) = next {
                prop_assert_eq!(next.revision, state.revision + 1);
                prop_assert_eq!(next.history.last().unwrap().revision, next.revision);
                prop_assert!(next.history.len() <= HISTORY);
                prop_assert_eq!(next.contradiction(), None);
                state = next;
            }
        }
        let read: DesiredState = serde_json::from_slice(&serde_json::to_vec(&state).unwrap()).unwrap();
        prop_assert_eq!(read, state);
    }
}
