//! One behavioural suite, run on SQLite always and on PostgreSQL where its programs are installed.

mod bench;
mod credentials;
#[cfg(unix)]
mod files;
mod identity;
mod leases;
mod ledger;
#[cfg(unix)]
mod migrations;
mod moves;
mod postgres;
mod records;
mod regions;
mod runs;
mod server;
mod transfer;
mod wire;

use bench::Bench;

/// Makes every case a test of its own on both databases.
macro_rules! suite {
    ($($room:ident::$case:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$room::$case(super::Bench::sqlite()).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $case() {
                if let Some(bench) = super::Bench::postgres(stringify!($case)).await {
                    super::$room::$case(bench).await;
                }
            })*
        }
    };
}

suite! {
    leases::two_holders_change_two_scopes_at_once,
    leases::all_scopes_are_granted_or_none,
    leases::an_expired_lease_is_taken_over_and_its_holder_fenced,
    leases::an_expired_lease_that_nobody_took_still_holds,
    leases::an_evicted_holder_is_fenced_at_once,
    leases::a_heartbeat_keeps_a_lease,
    leases::a_holding_says_since_when_and_when_it_was_last_heard_of,
    leases::the_number_grows_across_release,
    leases::one_of_many_acquirers_wins,
    leases::leases_do_not_move_the_head,
    leases::holders_come_one_after_the_other,
    ledger::what_is_postponed_leaves_the_records_for_the_ledger,
    ledger::a_new_object_and_one_that_leaves_share_an_address,
    ledger::an_accepted_delete_is_remembered_until_it_is_seen_done,
    ledger::the_ledger_needs_the_lease,
    transfer::a_file_holds_all_of_it,
    transfer::a_stack_that_is_there_is_left_alone,
    transfer::whoever_changes_the_stack_is_not_copied,
    transfer::nothing_is_half_copied,
    moves::a_head_brought_forward_is_what_the_moves_record,
    moves::moves_follow_from_the_events,
    moves::names_are_passed_on_along_a_chain,
    moves::a_move_needs_its_scope_and_a_free_place,
    identity::an_owner_is_made_once,
    identity::another_account_or_world_is_refused,
    identity::an_earlier_state_gets_its_owner,
    identity::roles_are_recorded_at_the_begin,
    identity::what_a_state_belongs_to_is_copied,
    regions::a_removal_that_was_begun_is_remembered,
    regions::a_region_is_given_up,
    regions::a_person_ends_an_intent,
    runs::a_stale_plan_is_refused,
    runs::a_plan_is_stale_by_its_own_scopes_and_those_it_reads,
    runs::the_first_run_fixes_the_account,
    runs::regions_are_marked_by_finished_runs,
    runs::history_is_newest_first_and_limited,
    runs::stacks_are_listed_and_kept_apart,
    runs::the_pace_is_what_creates_and_deletes_took,
    runs::an_unknown_stack_is_empty,
    records::intents_survive_reopening,
    records::an_intent_without_outcome_stays_open_whatever_the_others_do,
    records::many_concurrent_intents_are_all_durable,
    records::one_refused_write_does_not_fail_the_others,
    records::created_then_settled_then_forgotten,
    records::a_replaced_resource_is_deposed_until_forgotten,
    records::a_deposed_resource_can_be_adopted_again,
    records::a_failed_intent_leaves_no_record,
    records::a_conclusion_may_be_repeated_but_not_changed,
    records::a_token_is_used_once,
    records::a_token_is_used_once_among_many_at_once_too,
    records::a_scope_outside_the_lease_is_refused,
    records::rebuilding_gives_what_was_recorded,
    records::damage_is_found_and_mended,
    records::events_cannot_be_changed,
    records::opening_again_changes_nothing,
    records::a_newer_database_is_refused,
    records::reading_needs_a_state_and_cannot_write,
}
