"""What calls use and cost, and what replays saved. Usage itself is read by the dialects."""
