//! Attack group 7: one test for each row of the table, and a model check of all short histories.

use super::*;
use crate::{
    protocol::grant::{Revocation, RevocationReason},
    types::{
        GrantId,
        seal::{MasterKey, Purpose},
    },
};

const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + seconds)
}

fn mac() -> Mac {
    Mac::new(&MasterKey::from_bytes([7; 32]), Purpose::RefreshToken)
}

fn client_id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

/// A family that rotated to generation 5 at the moment 0.
fn family() -> RefreshFamily {
    RefreshFamily {
        id: FamilyId::new(at(0), [1; 10]),
        grant_id: GrantId::new(at(0), [2; 10]),
        client_id: client_id("app"),
        seed: [3; 32],
        generation: 5,
        rotated_at: at(0),
        retries: 0,
        idle_expires_at: at(1_000),
        absolute_expires_at: at(5_000),
        revoked: None,
    }
}

fn present(family: &RefreshFamily, generation: u64) -> ProvenGeneration {
    let text = mint(&mac(), family, generation);
    PresentedRefreshToken::parse(text.expose()).unwrap().prove(&mac(), family).unwrap()
}

fn run(family: &RefreshFamily, generation: u64, now: i64) -> Result<RefreshUse, RefreshRefusal> {
    let policy = RefreshPolicy::public_client();
    judge(
        family,
        present(family, generation),
        &client_id("app"),
        &policy,
        DatabaseEpoch::FIRST,
        at(now),
    )
}

/// RT-01.
#[test]
fn the_current_generation_rotates() {
    assert_eq!(run(&family(), 5, 0), Ok(RefreshUse::Rotate { from: 5, to: 6 }));
    assert_eq!(run(&family(), 5, 999), Ok(RefreshUse::Rotate { from: 5, to: 6 }));
}

/// RT-02, RT-06: a lost answer is given again, with the same successor.
#[test]
fn the_predecessor_yields_the_same_successor_within_the_window() {
    for seconds in [0, 29, 30] {
        assert_eq!(run(&family(), 4, seconds), Ok(RefreshUse::Reissue { current: 5 }));
    }
    assert_eq!(mint(&mac(), &family(), 5).expose(), mint(&mac(), &family(), 5).expose());
}

/// RT-06.
#[test]
fn the_predecessor_is_reuse_after_the_window() {
    assert_eq!(run(&family(), 4, 31), Err(RefreshRefusal::Reuse));
}

/// RT-12.
#[test]
fn the_eleventh_retry_is_refused_and_revokes_nothing() {
    let retried = |retries| run(&RefreshFamily { retries, ..family() }, 4, 10);
    assert_eq!(retried(9), Ok(RefreshUse::Reissue { current: 5 }));
    assert_eq!(retried(10), Err(RefreshRefusal::RetriesSpent));
    let late = run(&RefreshFamily { retries: 10, ..family() }, 4, 31);
    assert_eq!(late, Err(RefreshRefusal::Reuse));
}

/// RT-03, RT-05, RT-07: older than the predecessor is reuse, whatever the clock says.
#[test]
fn older_generations_are_reuse_at_once() {
    for generation in 0..4 {
        assert_eq!(run(&family(), generation, 0), Err(RefreshRefusal::Reuse));
    }
    let mut frozen = family();
    frozen.generation = 105;
    for generation in 0..104 {
        assert_eq!(run(&frozen, generation, 0), Err(RefreshRefusal::Reuse));
    }
}

#[test]
fn a_generation_from_the_future_is_an_alarm() {
    for generation in [6, 7, u64::MAX] {
        assert_eq!(run(&family(), generation, 0), Err(RefreshRefusal::FromFuture));
    }
}

/// RT-04: another client gets nothing, and harms nobody.
#[test]
fn another_client_revokes_nothing() {
    let policy = RefreshPolicy::public_client();
    for generation in 0..8 {
        let presented = present(&family(), generation);
        let result =
            judge(&family(), presented, &client_id("other"), &policy, DatabaseEpoch::FIRST, at(0));
        assert_eq!(result, Err(RefreshRefusal::OtherClient));
    }
}

/// RT-09.
#[test]
fn both_limits_end_a_family() {
    assert_eq!(run(&family(), 5, 1_000), Err(RefreshRefusal::Expired));
    let busy = RefreshFamily { idle_expires_at: at(9_000), ..family() };
    assert!(run(&busy, 5, 4_999).is_ok());
    assert_eq!(run(&busy, 5, 5_000), Err(RefreshRefusal::Expired));
    let policy = RefreshPolicy::public_client();
    assert_eq!(policy.idle_until(at(5_000), at(4_000)), at(5_000));
    assert_eq!(policy.idle_until(at(5_000_000), at(0)), at(7 * 86_400));
}

#[test]
fn a_revoked_family_stays_revoked() {
    let revoked = Some(Revocation { at: at(0), reason: RevocationReason::SignOut });
    let dead = RefreshFamily { revoked, ..family() };
    for generation in 0..8 {
        assert_eq!(run(&dead, generation, 0), Err(RefreshRefusal::Revoked));
    }
}

#[test]
fn confidential_clients_keep_their_token() {
    let policy = RefreshPolicy::confidential_client();
    let run = |generation| {
        judge(
            &family(),
            present(&family(), generation),
            &client_id("app"),
            &policy,
            DatabaseEpoch::FIRST,
            at(500),
        )
    };
    assert_eq!(run(5), Ok(RefreshUse::Keep));
    assert_eq!(run(4), Err(RefreshRefusal::Reuse));
    assert_eq!(run(6), Err(RefreshRefusal::FromFuture));
}

#[test]
fn a_window_of_zero_is_strict() {
    let policy = RefreshPolicy { retry_window: Duration::ZERO, ..RefreshPolicy::public_client() };
    let result = judge(
        &family(),
        present(&family(), 4),
        &client_id("app"),
        &policy,
        DatabaseEpoch::FIRST,
        at(0),
    );
    assert_eq!(result, Err(RefreshRefusal::Reuse));
}

#[test]
fn the_last_generation_ends_the_family() {
    let last = RefreshFamily { generation: u64::MAX, ..family() };
    assert_eq!(run(&last, u64::MAX, 0), Err(RefreshRefusal::Expired));
}

/// RT-13: what is forged proves nothing, so it is never judged.
#[test]
fn forged_tokens_prove_nothing() {
    let family = family();
    let text = mint(&mac(), &family, 5);
    let presented = PresentedRefreshToken::parse(text.expose()).unwrap();
    assert_eq!(presented.family(), family.id);
    assert_eq!(presented.prove(&mac(), &family), Some(ProvenGeneration(5)));
    let others = [
        RefreshFamily { seed: [4; 32], ..family.clone() },
        RefreshFamily { client_id: client_id("other"), ..family.clone() },
        RefreshFamily { id: FamilyId::new(at(0), [9; 10]), ..family.clone() },
    ];
    for other in others {
        assert_eq!(presented.prove(&mac(), &other), None);
    }
    let another_key = Mac::new(&MasterKey::from_bytes([8; 32]), Purpose::RefreshToken);
    assert_eq!(presented.prove(&another_key, &family), None);
    let raised = PresentedRefreshToken { generation: 6, ..presented };
    assert_eq!(raised.prove(&mac(), &family), None);
}

#[test]
fn every_altered_character_is_noticed() {
    let family = family();
    let text = mint(&mac(), &family, 5);
    let text = text.expose();
    assert_eq!(text.len(), 4 + 75);
    for position in 0..text.len() {
        let mut altered = text.clone();
        let replacement = if &text[position..=position] == "A" { "B" } else { "A" };
        altered.replace_range(position..=position, replacement);
        let proven = PresentedRefreshToken::parse(&altered)
            .and_then(|presented| presented.prove(&mac(), &family));
        assert_eq!(proven, None, "{position}");
    }
    for bad in ["", "dwr_", &text[4..], &text[..78], &format!("{text}A"), &format!("{text}=")] {
        assert!(PresentedRefreshToken::parse(bad).is_none(), "{bad}");
    }
}

/// A user of a token: the one it was made for, or the one who stole it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Victim,
    Thief,
}

/// The row, and what each holder has in hand.
struct World {
    family: RefreshFamily,
    clock: i64,
    hands: [u64; 2],
}

impl World {
    /// `holder` uses what is in hand, `gap` seconds after the last use. Returns what came of it.
    fn refresh(&mut self, holder: Holder, gap: i64) -> Result<RefreshUse, RefreshRefusal> {
        self.clock += gap;
        let presented = self.hands[holder as usize];
        let result = run(&self.family, presented, self.clock);
        match result {
            Ok(RefreshUse::Rotate { from, to }) => {
                assert_eq!(from, self.family.generation);
                self.family.generation = to;
                self.family.rotated_at = at(self.clock);
                self.family.retries = 0;
                self.hands[holder as usize] = to;
            }
            Ok(RefreshUse::Reissue { current }) => {
                self.family.retries += 1;
                self.hands[holder as usize] = current;
            }
            Ok(RefreshUse::Keep) => panic!("public clients rotate"),
            Err(RefreshRefusal::Reuse) => {
                let reason = RevocationReason::RefreshReuse;
                self.family.revoked = Some(Revocation { at: at(self.clock), reason });
            }
            Err(_) => {}
        }
        result
    }
}

/// RT-19: thief and victim share one token. In every history of four uses there is one line of
/// tokens, and when every use comes after the window, the second holder's first use ends it.
#[test]
fn a_stolen_token_is_detected_in_every_history() {
    let gaps = [0, 30, 31];
    for history in 0..(2_usize * gaps.len()).pow(4) {
        let mut world = World { family: family(), clock: 100, hands: [5, 5] };
        let (mut rest, mut all_late, mut seen) = (history, true, Vec::new());
        for _ in 0..4 {
            let holder = if rest % 2 == 0 { Holder::Victim } else { Holder::Thief };
            let gap = gaps[rest / 2 % gaps.len()];
            rest /= 2 * gaps.len();
            all_late &= gap > 30;
            let was_dead = world.family.revoked.is_some();
            let result = world.refresh(holder, gap);
            if !seen.contains(&holder) {
                seen.push(holder);
            }
            // Whoever is served holds the one current token: there are no branches.
            if result.is_ok() {
                assert!(!was_dead, "history {history}");
                assert_eq!(world.hands[holder as usize], world.family.generation);
            }
            if all_late && seen.len() == 2 {
                assert!(world.family.revoked.is_some(), "history {history}");
            }
        }
        // The price of the window: a thief inside it is served; but not once both come late.
        let gap = 31;
        let both_late = [Holder::Victim, Holder::Thief].map(|holder| world.refresh(holder, gap));
        assert!(both_late.iter().any(Result::is_err), "history {history}");
        assert!(world.family.revoked.is_some(), "history {history}");
    }
}

/// RACE-08: between the backup and its restore any generation can have been superseded.
#[test]
fn a_rotating_family_does_not_outlive_its_epoch() {
    let policy = RefreshPolicy::public_client();
    let run = |family: &RefreshFamily, generation, epoch: i64, now| {
        let epoch = DatabaseEpoch::since(at(epoch));
        let presented = present(family, generation);
        judge(family, presented, &client_id("app"), &policy, epoch, at(now))
    };
    for epoch in [0, 1, 500] {
        assert_eq!(run(&family(), 5, epoch, 10), Err(RefreshRefusal::BeforeEpoch), "{epoch}");
        assert_eq!(run(&family(), 4, epoch, 10), Err(RefreshRefusal::BeforeEpoch), "{epoch}");
    }
    assert_eq!(run(&family(), 3, 1, 10), Err(RefreshRefusal::Reuse), "superseded in the backup");
    assert_eq!(run(&family(), 6, 1, 10), Err(RefreshRefusal::FromFuture));
    assert_eq!(run(&family(), 5, -1, 10), Ok(RefreshUse::Rotate { from: 5, to: 6 }));
}

#[test]
fn a_token_that_does_not_rotate_outlives_an_epoch() {
    let (policy, epoch) = (RefreshPolicy::confidential_client(), DatabaseEpoch::since(at(1)));
    let presented = present(&family(), 5);
    let result = judge(&family(), presented, &client_id("app"), &policy, epoch, at(10));
    assert_eq!(result, Ok(RefreshUse::Keep));
}
