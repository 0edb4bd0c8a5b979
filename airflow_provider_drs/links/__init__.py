"""Links from a task to its report and to the DRS console."""
