"""What `make test` leaves out, as it takes long and something like it is in the suite anyway: `make thorough` runs it.

A name with a parameter in brackets leaves out that one alone; others are marked where they stand.
"""

from collections.abc import Mapping

LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    # The killed syncs take turns as well, and so do commands, queue and sensors in test_side_by_side.
    "crashes/test_crashes.py": ("test_two_syncs_at_once_take_turns_and_the_second_finds_nothing_left_to_write",),
    # Each act is undone by its job as well as by its command in test_acts.
    # The demo has a plan at both widths.
    "cli/test_plan.py": (
        "test_a_long_plan_shows_some_of_each_kind_and_says_how_many_more",
        "test_a_plan_of_nothing_says_so_and_an_ordinary_sync_shows_none",
        "test_what_is_held_says_why_and_what_would_be_sent_is_not_mixed_with_it",
        "test_a_dataflow_in_mode_plan_shows_its_plan_in_an_ordinary_sync",
        "test_a_plan_shows_each_record_and_field_before_and_after",
    ),
    "cli/test_sync.py": (
        "test_a_run_that_a_step_ended_early_has_failed[error1-1-failed]",
        "test_a_run_that_a_step_ended_early_has_failed[error2-1-failed]",
        "test_progress_is_told_in_lines_where_stderr_is_no_terminal",
        "test_a_run_that_dagster_calls_failed_is_incomplete",
        "test_a_run_whose_process_died_is_buried_by_the_next_one",
        "test_one_failed_system_is_one_line_and_exit_status_1",
        "test_what_a_check_that_blocks_has_found_is_one_line_and_the_exit_status",
    ),
    # All writes are counted in sync/test_story.
    "cli/test_explain.py": ("test_more_than_ten_writes_are_counted_and_shown_on_demand",),
    # The daemon's sensors bring an edit in test_side_by_side.
    "automation/test_watching.py": (
        "test_an_edit_is_in_the_other_system_after_a_tick_and_the_run_it_asks_for_and_then_there_is_peace",
        "test_a_company_lets_its_people_follow",
        "test_a_run_that_did_not_get_to_its_end_is_asked_for_again_with_growing_pauses",
        "test_no_second_run_is_asked_for_while_one_has_not_ended_nor_by_a_sensor_that_begins_anew",
    ),
    # What only a trial of many minutes uses.
    "simulator/test_simulator.py": ("test_what_was_written_down_happens_again",),
    "soak/test_soak.py": (
        "test_an_edit_that_a_newer_one_replaced_or_that_stands_in_conflicts_is_not_lost",
        "test_an_edit_in_the_moment_of_a_write_cannot_be_told_from_it_where_there_are_no_versions",
        "test_a_line_that_is_gone_still_shares_what_it_was_with_its_order",
        "test_a_line_that_is_there_twice_and_a_record_that_came_back_are_told",
        "test_a_record_without_its_right_one_is_told_unless_something_says_why",
    ),
    # Requests are counted in test_economy, and the demo's second sync writes nothing.
    "whole/test_quiet_runs.py": (
        "test_a_second_sync_sends_no_write_and_one_request_per_collection_and_a_full_one_sends_no_write_either",
    ),
    # Fields that are held are let out by commands, and by edits in test_refused_values.
    "whole/test_refused_values.py": (
        "test_an_edit_of_the_record_that_refuses_has_the_whole_change_tried_again[another property]",
        "test_a_person_lets_a_held_field_out_and_sees_why_it_is_held",
        "test_a_held_field_is_not_sent_again_until_its_value_is_another",
        "test_any_edit_of_the_record_that_refuses_has_the_field_tried_again_and_once",
        "test_an_edit_on_the_first_side_has_the_whole_change_tried_again",
        "test_an_edit_of_the_record_that_refuses_has_the_whole_change_tried_again[a property that is synced]",
        "test_a_new_record_that_is_refused_is_tried_again_once_its_first_one_is_edited",
        "test_an_edit_on_the_other_side_lets_the_field_go_as_well",
        "test_what_is_refused_whatever_is_sent_is_held_as_a_whole_and_tried_with_one_record",
    ),
    # The demo is a generated world of all dataflows.
    "whole/test_chain.py": (
        "test_a_generated_world_is_in_step_after_one_sync",
        "test_an_edit_at_one_end_is_right_at_the_other_after_one_sync",
    ),
    "whole/test_custom_pairs.py": (
        "test_generated_worlds_meet_and_come_to_rest",
        "test_what_was_edited_after_it_was_read_is_not_overwritten",
        "test_lines_are_changed_added_and_removed_both_ways",
        "test_a_create_whose_answer_is_lost_is_found_by_its_meta_data",
        "test_a_customer_of_another_role_is_still_there",
        "test_an_order_in_the_trash_is_cancelled_and_can_be_taken_out_again",
        "test_every_record_on_the_left_has_one_on_the_right_and_an_edit_of_either_arrives_on_the_other",
    ),
    "whole/test_poweroffice_pairs.py": (
        "test_a_person_becomes_a_contact_person_of_the_firm_itself[Customer]",
        "test_edits_of_a_person_travel_both_ways_and_the_rest_of_the_record_stays[Employee]",
        "test_a_generated_firm_comes_to_rest",
        "test_an_employee_who_is_a_customer_too_has_one_contact_person",
        "test_a_cleared_field_is_cleared_on_the_other_side_and_stays_so",
        "test_a_supplier_becomes_a_customer_and_edits_travel_both_ways",
        "test_edits_of_a_person_travel_both_ways_and_the_rest_of_the_record_stays[Customer]",
        "test_a_person_becomes_a_contact_person_of_the_firm_itself[Employee]",
    ),
    # The conformance suite does the same with each system by itself.
    "whole/test_powerofficego_pairs.py": (
        "test_a_line_edited_in_powerofficego_arrives_in_the_order",
        "test_a_process_that_dies_before_it_knows_its_creates_finds_each_of_them_again",
        "test_a_customer_its_contact_its_products_and_its_order_arrive_in_one_sync",
        "test_generated_data_are_in_step_after_two_syncs",
        "test_reads_that_lag_behind_writes_bring_nothing_back",
        "test_a_system_that_fails_halfway_is_taken_up_again",
        "test_a_process_that_dies_while_an_order_is_unlocked_confirms_it_again",
        "test_a_line_deleted_in_powerofficego_leaves_the_order",
        "test_what_is_edited_on_either_side_arrives_on_the_other",
        "test_lines_added_and_removed_in_customerp_are_so_in_powerofficego",
        "test_an_address_edited_in_powerofficego_does_not_move_the_customer_and_arrives_with_the_next_full_sync",
        "test_an_invoiced_order_is_not_deleted_and_not_written_to_any_more",
    ),
    # Lines that are edited, added and removed from the other side.
    "whole/test_orders.py": (
        "test_a_removed_line_stays_removed_though_the_process_died_before_it_knew[read1]",
        "test_an_order_s_line_that_is_removed_leaves_the_quotation",
        "test_a_quotation_line_that_is_changed_changes_the_order_s_line",
        "test_a_quotation_line_that_is_added_is_added_to_the_order",
        "test_a_quotation_line_that_is_deleted_leaves_the_order_at_the_next_full_sync",
        "test_an_order_s_line_that_is_added_becomes_a_quotation_line",
        "test_an_order_moved_to_another_customer_moves_its_opportunity",
        "test_a_removed_line_stays_removed_when_the_order_changes_after_the_process_died",
        "test_a_line_that_somebody_deletes_after_the_process_died_is_not_taken_for_a_write_cut_short",
        "test_a_line_s_value_that_is_cleared_in_the_order_is_cleared_in_the_quotation",
        "test_a_line_that_names_its_product_by_a_former_number_still_means_it",
        "test_an_order_refers_to_the_customer_that_its_organisation_was_linked_to",
        "test_a_removed_line_stays_removed_though_the_process_died_before_it_knew[read0]",
        "test_nothing_of_a_held_customer_is_created_before_it_is_reconciled",
        "test_each_quotation_line_has_an_order_of_one_line_for_the_same_customer",
    ),
    "whole/test_order_lines.py": (
        "test_after_an_edit_of_the_first_line_in_the_shop_every_other_line_is_as_it_was[False]",
        "test_untouched_lines_stay_as_they_are_when_the_process_died_before_it_knew_of_a_write[False]",
        "test_freight_and_fees_of_the_erp_are_in_the_shop_s_own_lists_and_edited_from_either_side",
        "test_a_line_that_was_left_out_arrives_once_the_shop_can_hold_it",
        "test_what_a_shop_keeps_beside_its_lines_is_a_line_of_the_article_that_stands_for_it",
        "test_what_differs_is_said_per_order_with_the_difference_and_what_is_behind_it",
        "test_lines_that_were_left_out_keep_their_place_when_others_are_removed_and_added",
        "test_lines_of_an_order_with_a_coupon_are_not_changed_from_outside",
        "test_untouched_lines_stay_as_they_are_when_the_process_died_before_it_knew_of_a_write[True]",
        "test_a_line_that_holds_nothing_stays_in_its_place",
    ),
    # What a run changed is taken back in sync/test_undo and by a command in test_acts.
    "whole/test_undo.py": ("test_a_run_that_changed_a_thousand_records_is_taken_back",),
    "whole/test_order_lines_elsewhere.py": (
        "test_in_accounts",
        "test_in_a_crm",
    ),
    "whole/test_unmoved_orders.py": (
        "test_it_counts_from_when_it_was_noticed[True]",
        "test_an_edit_of_a_line_is_seen_by_the_next_read",
    ),
    # A shop shows variations by their parent; one list of all is another way to read the same.
    "whole/test_variations.py": (
        "test_a_line_names_the_variation_and_not_its_parent[one list of all]",
        "test_a_variation_is_edited_from_either_side[one list of all]",
        "test_a_variation_that_is_gone_is_looked_up_and_its_article_stays[one list of all]",
        "test_each_variation_has_its_article_and_the_parent_has_none[one list of all]",
        "test_a_variation_is_edited_from_either_side",
        "test_a_variation_that_is_gone_is_looked_up_and_its_article_stays",
        "test_a_line_names_the_variation_and_not_its_parent[a list for each parent]",
    ),
    "whole/test_time_zones.py": (
        "test_a_sync_says_it_and_so_does_the_status",
        "test_what_the_look_after_a_write_shows_counts_as_well",
        "test_an_edit_hours_after_a_write_says_nothing_of_the_zone",
    ),
    # The simulator puts an older database back, or takes it away.
    "whole/test_restoring.py": (
        "test_what_happened_since_a_backup_is_found_again_and_nothing_is_created_twice",
        "test_without_any_database_nothing_is_created_twice_and_what_was_edited_since_arrives",
    ),
    "sync/test_echoes.py": (
        "test_after_going_back_what_was_cut_since_does_not_beat_the_whole",
        "test_with_everything_forgotten_what_was_cut_does_not_beat_the_whole",
        "test_an_edit_of_what_was_cut_still_wins",
        "test_what_was_cut_is_noted_as_nobodys_edit",
    ),
    "sync/test_acts.py": (
        "test_somebody_who_changes_his_mind_fights_with_nobody",
        "test_a_third_value_ends_a_fight",
        "test_two_records_that_do_not_look_alike_are_linked_by_hand_and_stay_so",
        "test_two_held_records_are_linked_though_neither_has_an_entity",
        "test_what_is_held_because_of_several_candidates_is_linked_by_hand",
        "test_two_integrations_that_fight_over_a_field_are_noticed_and_held",
        "test_what_refers_to_a_record_that_is_linked_or_unlinked_refers_to_its_entity",
        "test_the_value_that_lost_is_chosen_back[False]",
        "test_a_deleted_record_is_created_again_when_a_person_asks_for_it",
    ),
    "test_init.py": ("test_two_folders_beside_each_other_share_nothing",),
    # Conflicts that are over, and what undo leaves, are in sync/test_acts and sync/test_undo.
    "cli/test_acts.py": (
        "test_a_run_is_meant_by_the_start_of_its_id_if_no_other_begins_so",
        "test_a_newer_edit_that_was_read_and_not_reconciled_ends_the_conflict_first",
        "test_an_undo_that_fails_has_ended_and_one_of_no_run_has_not_begun",
        "test_an_undo_that_leaves_a_record_as_it_is_says_so_and_fails",
        "test_a_value_newer_than_the_conflict_is_overwritten_only_by_force",
        "test_a_run_is_taken_back_after_a_look_at_the_plan",
        "test_a_value_that_a_system_makes_another_of_is_written_once_and_reported",
        "test_what_a_guard_stopped_is_listed_and_approved",
    ),
    # The demo's second sync writes nothing.
    "assets/test_graph.py": (
        "test_the_next_run_writes_nothing",
        "test_a_system_that_cannot_be_reached_stops_nobody_else",
        "test_in_mode_plan_the_writes_send_nothing_and_say_so",
    ),
    # A wrong token and a page for people are told in the same way.
    "whole/test_failures.py": (
        "test_a_host_that_cannot_be_reached_names_the_address",
        "test_a_wrong_base_url_names_the_address_and_where_to_correct_it",
        "test_a_page_for_people_in_place_of_the_api_is_told_as_such",
    ),
    # The tutorial's commands start a sandbox, too, and its addresses answer.
    "test_cli_sandbox.py": ("test_up_shows_addresses_that_answer_and_curl_a_line_per_system",),
    # The simulator's systems set their clocks.
    "whole/test_clocks.py": ("test_a_clock_that_is_set_and_set_back_loses_no_edit",),
    # Pairs in both directions, without the graph.
    "sync/test_ordering.py": ("test_dataflows_in_both_directions_run_in_the_graph_and_can_be_undone",),
    "whole/test_shop_accounts.py": ("test_an_order_keeps_its_customer_where_the_shop_s_account_is_deleted",),
    # `make thirdparty` has a validating proxy between the hub and the sandbox.
    "sandbox/test_webcrm_swagger.py": ("test_what_the_hub_sends_is_as_described",),
    "sandbox/test_powerofficego_openapi.py": ("test_what_the_hub_sends_and_gets_is_as_described",),
    # A refusal of webCRM's that names no field is narrowed down by the same code.
    "systems/test_conformance_custom.py": (
        "test_a_refusal_that_names_no_field_is_narrowed_down",
        "test_the_rate_limit_is_used_and_never_exceeded",
        "test_a_record_that_the_api_breaks_at_is_held_in_the_end",
    ),
    "systems/test_conformance_poweroffice.py": (
        "test_a_refusal_that_names_no_field_is_narrowed_down",
        "test_a_record_that_the_api_breaks_at_is_held_in_the_end",
    ),
    "systems/test_conformance_powerofficego.py": (
        "test_a_refusal_that_names_no_field_is_narrowed_down",
        "test_a_record_that_the_api_breaks_at_is_held_in_the_end",
    ),
    # A status that mails nobody and does not come back is the same with answers that show the record.
    "whole/test_order_statuses.py": (
        "test_a_status_that_the_erp_lacks_is_not_pushed_back_where_its_answers_do_not_show_the_record",
    ),
    # An order that can't be read in some fields is in whole/test_invalid_values, over HTTP.
    "sync/test_every_invalid_value.py": (
        "test_a_value_that_cant_be_read_holds_its_field_and_the_others_arrive[poweroffice/employee]",
        "test_a_value_that_cant_be_read_holds_its_field_and_the_others_arrive[customerp/order]",
        "test_a_value_that_cant_be_read_holds_its_field_and_the_others_arrive[customwebshop/order]",
    ),
    # The sets that matching is measured with; the demo's records and the rules of the sets are in the suite.
    "evidence_sets/test_score.py": (
        "test_the_sets_can_be_scored_from_the_command_line",
        "test_keys_link_all_that_nothing_was_done_to_and_take_a_branch_for_its_head_office",
    ),
    "evidence_training/test_regression.py": ("test_weights_that_are_known_are_found_again",),
    "evidence_sets/test_sets.py": ("test_each_rule_meets_the_share_that_it_is_given",),
    # Systems that lie are in the simulator as well.
    "whole/test_lies.py": (
        "test_yesterdays_state_is_no_edit[poweroffice_peer/customer]",
        "test_a_list_without_records_that_a_look_up_shows_deletes_nothing[poweroffice_peer/customer-empty-False]",
        "test_half_a_surrogate_pair_holds_its_field_and_stops_nothing[poweroffice_peer/customer]",
        "test_a_list_without_records_that_a_look_up_shows_deletes_nothing[webcrm/products-empty-False]",
    ),
    # Every field of a record is edited in test_every_value, over HTTP.
    "whole/test_every_field.py": ("test_every_field_arrives_both_ways_and_with_a_new_record[webcrm-customerp]",),
    # Modes are mixed in sync/test_permits, and in the simulator.
    "whole/test_modes.py": ("test_what_is_due_to_a_dataflow_in_mode_plan_or_to_one_not_asked_for_is_not_written",),
    # Each system has a like case; one is in the suite.
    "whole/test_every_value.py": (
        "test_what_a_system_refuses_cuts_or_rewrites_is_held_or_said_and_the_rest_arrives[webcrm/products]",
        "test_what_cant_be_read_holds_its_field_and_the_rest_arrives[webcrm/products]",
    ),
    # One country, and one that has the numbers of another.
    "sync/test_telephone_numbers.py": (
        "test_a_number_is_what_it_is_when_looked_up_by_itself[IT]",
        "test_a_number_is_what_it_is_when_looked_up_by_itself[GB]",
        "test_a_number_is_what_it_is_when_looked_up_by_itself[US]",
        "test_a_number_is_what_it_is_when_looked_up_by_itself[DK]",
        "test_a_number_is_what_it_is_when_looked_up_by_itself[SE]",
    ),
    # What the simulator plays with properties that come and go.
    "sync/test_absent.py": (
        "test_a_field_that_is_lost_page_by_page_is_asked_about_as_well",
        "test_a_field_of_a_record_that_is_written_meanwhile_is_asked_about_all_the_same",
        "test_a_value_that_is_shown_late_is_not_cleared_because_the_others_agreed_on_a_blank",
    ),
    # What the simulator plays with mappings that change.
    "sync/test_remapped.py": (
        "test_what_is_created_while_its_lens_changes_shows_what_it_was_sent",
        "test_a_create_that_was_never_sent_is_sent_by_the_lens_of_today",
        "test_a_write_whose_answer_was_lost_is_cleared_only_by_a_person[True-create]",
        "test_what_only_a_system_holds_that_is_switched_off_is_not_cleared_there",
    ),
    # What the simulator plays with modes.
    "sync/test_permits.py": (
        "test_a_deletion_is_due_to_the_pair_that_demands_it[keep]",
        "test_a_create_carries_what_its_left_record_shows",
        "test_an_edit_in_a_dataflow_that_writes_goes_out_beside_one_that_waits",
        "test_a_create_that_was_never_sent_is_not_sent_with_what_is_only_planned_by_now",
    ),
    # Limits at other sizes.
    "sync/test_guards.py": (
        "test_a_collection_that_disappears_bit_by_bit_is_stopped_too",
        "test_a_collection_that_shrinks_too_much_keeps_its_records_until_a_person_approves[0]",
        "test_a_pair_that_is_new_in_a_collection_is_asked_about_as_well",
    ),
    # Generated names.
    "sync/test_full_names.py": (
        "test_a_split_stays_when_a_letter_is_corrected_elsewhere",
        "test_a_person_who_moves_the_split_edits_nothing_in_the_other_system[never]",
    ),
    # Each kind of difference once.
    "sync/test_rewritten.py": (
        "test_a_value_that_differs_is_listed_with_what_became_of_it[None-Anna-not cleared]",
        "test_a_difference_of_form_is_none[ANNABELLA]",
    ),
    # The other side.
    "sync/test_deletes.py": ("test_what_is_deleted_on_one_side_is_deleted_on_the_other[sides1]",),
    # With versions nothing else is sent.
    "whole/test_nested_objects.py": ("test_a_street_is_moved_and_the_rest_of_the_address_stays[versions]",),
    # Products and lines read prices by the same lens.
    "whole/test_prices_with_vat.py": ("test_lines_of_an_order_have_no_vat_in_a_shop",),
    # The tutorial edits a record on each side.
    "whole/test_edits.py": ("test_what_is_edited_in_either_system_is_in_the_other_after_one_sync_and_stays_so",),
    # The demo creates what has no match, and its second sync nothing.
    "whole/test_matching.py": ("test_records_without_any_match_are_created_exactly_once_and_none_in_webcrm",),
    # Conflicts of edits that move no time are conflicts in test_edits.
    "whole/test_unmoved.py": (
        "test_of_two_edits_of_one_field_one_wins_and_the_other_is_kept_as_a_conflict",
        "test_a_record_that_was_deleted_meanwhile_is_not_asked_for_again_and_again",
    ),
    # Ids that are used again, of records that were known.
    "sync/test_used_again.py": (
        "test_a_record_that_we_create_with_the_id_of_one_that_nobody_knew_to_be_deleted_is_not_that_one",
    ),
    # A process that dies between two steps ends with the same.
    "sync/test_steps.py": (
        "test_in_steps_all_is_decided_as_at_once[edited]",
        "test_a_process_that_dies_between_two_steps_leaves_what_the_next_one_makes_whole[edited]",
    ),
    # Every system's client keeps to its limit by the same code.
    "systems/test_conformance.py": ("test_the_rate_limit_is_used_and_never_exceeded",),
    # Lists that say how much more there is are in cli/test_held.
    "cli/test_reading.py": (
        "test_of_many_records_the_first_are_named_with_how_many_there_are",
        "test_a_run_that_did_not_say_how_it_ended_says_how_far_it_came",
    ),
    # Many acts are taken back as one is.
    "cli/test_review.py": (
        "test_any_act_of_review_is_taken_back[one_unlinked]",
        "test_any_act_of_review_is_taken_back[one_linked]",
    ),
    # Every value that cannot be read is in sync/test_every_invalid_value.
    "whole/test_invalid_values.py": (
        "test_a_price_that_cant_be_read_holds_nothing_else_and_only_a_later_edit_overwrites_it",
    ),
    # What a person says of two records is in cli/test_review.
    "whole/test_contradictions.py": ("test_a_person_says_that_they_are_two_and_is_not_asked_again",),
    # What a person says of two records is in sync/test_acts.
    "sync/test_lost_creates.py": (
        "test_a_person_says_that_it_is",
        "test_a_person_says_that_it_is_another",
    ),
    # Edits amid writes are in the simulator.
    "sync/test_writing.py": (
        "test_what_was_edited_while_it_was_written_is_asked_for_again[False]",
        "test_an_edit_arrives_though_a_reference_beside_it_leads_to_a_record_that_was_refused",
    ),
    # The demo has a story at both widths.
    "sync/test_story.py": (
        "test_an_update_tells_before_and_after",
        "test_references_are_told_as_records_of_the_own_system",
    ),
    # A run is taken back by its command in cli/test_review.
    "sync/test_undo.py": (
        "test_what_a_later_run_wrote_over_it_stays",
        "test_what_a_run_created_is_deleted_and_not_created_again_by_itself",
    ),
    # Pauses that grow are the sensors' as well.
    "automation/test_alerts.py": ("test_a_failure_to_post_is_one_line_and_is_tried_again_with_the_next_failure",),
    # A process that is killed leaves as little behind as a full disk.
    "whole/test_disks.py": ("test_a_full_disk_is_one_line_and_nothing_is_lost",),
    # What waits, and what is mapped later, have tests of their own.
    "sync/test_not_shown_since.py": (
        "test_a_record_that_waits_for_its_parent_is_not_set_back",
        "test_a_property_that_is_mapped_before_the_record_is_shown_sets_nothing_back",
    ),
    # sync/test_organisation_numbers compares numbers of every format.
    "whole/test_numbers_of_companies.py": (
        "test_a_company_of_no_known_country_that_could_be_two_is_held[False-2 entities have the same organisation number]",  # noqa: E501
        "test_what_is_written_is_what_was_read",
    ),
    # The commands of the tutorial run on an installed package as well.
    "test_package.py": ("test_installing_the_example_is_all_that_it_takes_to_have_its_system",),
}
"""Functions by file within this package."""
