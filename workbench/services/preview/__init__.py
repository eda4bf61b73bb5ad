"""What an award would do to occupancy, waits and the fund, before the vote."""
