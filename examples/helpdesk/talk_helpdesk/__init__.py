"""A helpdesk as a system of Talk Assets. `system` describes it, `sandbox` emulates it; nothing else is needed."""
