"""What must be written so that every record shows what was agreed on, and what stands in its way.

Begin reading at `decide`: the whole decision about one entity, on one page. `changes`, `deletes`, `waiting` and
`permits` decide the same for a million. Add a reason to wait to `decide` and to `waiting` or `permits`; the tests find
where they differ. Nothing here sends anything: that is `write`.
"""
