"""The tables that belong to the run, not to one collection or entity (those are in `tables`), and their version.

Only SQL that DuckLake also takes: no primary keys, unique constraints, sequences or indexes.
"""

FORMAT = 7
"""Raised by every change of these tables, or of those in `tables`, with a migration in `migrations`."""

SYNC_TABLES = """
CREATE SCHEMA IF NOT EXISTS sync;
CREATE TABLE IF NOT EXISTS sync.format (format INTEGER);
CREATE TABLE IF NOT EXISTS sync.migrations (format INTEGER, migrated_at TIMESTAMPTZ, copy VARCHAR);
CREATE TABLE IF NOT EXISTS sync.clock (version BIGINT);
CREATE TABLE IF NOT EXISTS sync.cursors (
    collection VARCHAR, cursor VARCHAR, position VARCHAR, full_read_cursor VARCHAR,
    read_at TIMESTAMPTZ, full_at TIMESTAMPTZ, reconciled_version BIGINT);
CREATE TABLE IF NOT EXISTS sync.unfinished (entity_type VARCHAR);
CREATE TABLE IF NOT EXISTS sync.mapped_properties (collection VARCHAR, property VARCHAR);
CREATE TABLE IF NOT EXISTS sync.lenses (collection VARCHAR, field VARCHAR, lens VARCHAR, since TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS sync.remapped (collection VARCHAR, field VARCHAR, since TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS sync.configured (entity_type VARCHAR, configuration VARCHAR);
CREATE TABLE IF NOT EXISTS sync.shown (collection VARCHAR, property VARCHAR);
CREATE TABLE IF NOT EXISTS sync.absent (collection VARCHAR, property VARCHAR, records BIGINT, since TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS sync.mass_edits (
    entity_type VARCHAR, collection VARCHAR, id VARCHAR, field VARCHAR, since TIMESTAMPTZ, way VARCHAR);
CREATE TABLE IF NOT EXISTS sync.full_reads (collection VARCHAR, id VARCHAR);
CREATE TABLE IF NOT EXISTS sync.invalid_values (
    collection VARCHAR, id VARCHAR, reason VARCHAR, since TIMESTAMPTZ,
    property VARCHAR, field VARCHAR, found VARCHAR, "right" VARCHAR, suggested VARCHAR);
CREATE TABLE IF NOT EXISTS sync.unknown_properties (collection VARCHAR, property VARCHAR, since TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS sync.held (
    entity_type VARCHAR, collection VARCHAR, id VARCHAR, fields VARCHAR, reason VARCHAR, since TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS sync.suggested (
    entity_type VARCHAR, collection VARCHAR, id VARCHAR, entity_id VARCHAR, other VARCHAR, probability DOUBLE,
    evidence VARCHAR, rule VARCHAR, best BOOLEAN);
CREATE TABLE IF NOT EXISTS sync.weighed (entity_type VARCHAR, version BIGINT, state VARCHAR);
CREATE TABLE IF NOT EXISTS sync.verdicts (
    act VARCHAR, entity_type VARCHAR, record VARCHAR, other VARCHAR, same BOOLEAN, decided_at TIMESTAMPTZ,
    before VARCHAR);
CREATE TABLE IF NOT EXISTS sync.changes (
    entity_type VARCHAR, collection VARCHAR, entity_id VARCHAR, id VARCHAR, action VARCHAR, fields VARCHAR,
    status VARCHAR, reason VARCHAR, blocked BOOLEAN, since TIMESTAMPTZ, failures BIGINT, failure VARCHAR);
CREATE TABLE IF NOT EXISTS sync.refused_fields (
    entity_type VARCHAR, collection VARCHAR, entity_id VARCHAR, id VARCHAR, field VARCHAR, value VARCHAR,
    agreed VARCHAR, reason VARCHAR, since TIMESTAMPTZ, released BOOLEAN);
CREATE TABLE IF NOT EXISTS sync.undo (
    entity_type VARCHAR, collection VARCHAR, entity_id VARCHAR, id VARCHAR, action VARCHAR, fields VARCHAR,
    status VARCHAR, reason VARCHAR, blocked BOOLEAN, since TIMESTAMPTZ, failures BIGINT, failure VARCHAR);
CREATE TABLE IF NOT EXISTS sync.journal (
    key VARCHAR, run VARCHAR, entity_type VARCHAR, collection VARCHAR, entity_id VARCHAR, id VARCHAR, action VARCHAR,
    before VARCHAR, after VARCHAR, cause VARCHAR, body VARCHAR, intended_at TIMESTAMPTZ, answered_at TIMESTAMPTZ,
    outcome VARCHAR, reason VARCHAR, request_id VARCHAR, answer VARCHAR, caused_at VARCHAR);
CREATE TABLE IF NOT EXISTS sync.conflicts (
    entity_type VARCHAR, entity_id VARCHAR, field VARCHAR, value VARCHAR, edited_at TIMESTAMPTZ, origin VARCHAR,
    winner VARCHAR, winner_edited_at TIMESTAMPTZ, winner_origin VARCHAR, noticed_at TIMESTAMPTZ, run VARCHAR);
CREATE TABLE IF NOT EXISTS sync.past_conflicts (
    entity_type VARCHAR, entity_id VARCHAR, field VARCHAR, value VARCHAR, edited_at TIMESTAMPTZ, origin VARCHAR,
    winner VARCHAR, winner_edited_at TIMESTAMPTZ, winner_origin VARCHAR, noticed_at TIMESTAMPTZ, run VARCHAR,
    over_at TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS sync.fights (
    entity_type VARCHAR, entity_id VARCHAR, field VARCHAR, value VARCHAR, other VARCHAR, origin VARCHAR,
    other_origin VARCHAR,
    since TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS sync.guards (
    collection VARCHAR, written_at TIMESTAMPTZ, lost_since TIMESTAMPTZ, lost BIGINT);
CREATE TABLE IF NOT EXISTS sync.written_pairs (
    collection VARCHAR, "left" VARCHAR, "right" VARCHAR, written_at TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS sync.pending_approvals (
    collection VARCHAR, what VARCHAR, run VARCHAR, count BIGINT, reason VARCHAR, since TIMESTAMPTZ, approved BIGINT);
CREATE TABLE IF NOT EXISTS sync.doubted (collection VARCHAR, id VARCHAR, since TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS sync.edits (
    entity_type VARCHAR, entity_id VARCHAR, field VARCHAR, value VARCHAR, edited_at TIMESTAMPTZ, origin VARCHAR,
    won BOOLEAN,
    noticed_at TIMESTAMPTZ, run VARCHAR);
CREATE TABLE IF NOT EXISTS sync.runs (
    run VARCHAR, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ, mode VARCHAR, outcome VARCHAR, summary VARCHAR);
"""
"""What the run owns. Values are canonical text; `fields`, `before`, `after`, `cause` and `caused_at` are JSON
objects by field.

`migrations` says when the database was brought to which format, and what the copy from before is called. `unfinished`
are the entity types of which reconciling in steps has not ended. `suggested` are the pairs that wait for review: a held
record, and the entity or the `other` held record (`collection/id`) that it may describe the same as, with the `rule`
whose key agrees although the `evidence` contradicts it; `best` is the one that it is assigned to. `weighed` says in
which `state` of golden the evidence of an entity was weighed last. `verdicts` are the pairs of records that a person
called the `same`, or not, in one `act`, and what stood there `before`. `changes` is what golden still asks of the
collections: status `planned`, `waiting` (for a record or a first full read) or `held` (for a person); `blocked` ones
are not tried until the hub has decided again; `failures` is how many runs in a row could not carry the change out, the
last because of `failure`. `refused_fields` are the values that a collection refused: they are not
sent as long as golden is what was `agreed` then, unless a person `released` them. `undo` is the same as `changes` for
what is being taken back of a run. A row of
`journal` whose `outcome` is null is an intent whose answer is not known; `request_id` is what the system calls the
request, or we did, and `answer` what it said. `conflicts` are the values that lost, and `past_conflicts` those over
whose field somebody has decided since. `edits` are the values that people set in records that were linked already, and
whether they became golden; `fights` the fields that two records set to the same two values in turn. `pending_approvals`
are what `sync.guards` stopped until a person approves, `approved` up to which count; `written_pairs` the pairs for
which something was written, and when first; `doubted` the records that seem to be deleted and were too many to believe
it; `mass_edits` the fields that changed in the same `way` in too many records at once. `shown` are the properties that
records have shown, `absent` those that some `records` lack, null where no record has ever shown it. `lenses` is how
each field was last read, and `since` when, if that has changed. `remapped` are the fields that are to be read anew
because of that, `configured` is what the changes were last decided by.
"""
