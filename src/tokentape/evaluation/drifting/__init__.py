"""Whether the same model still answers the same: `own` says whom a recording is to be asked of again."""
