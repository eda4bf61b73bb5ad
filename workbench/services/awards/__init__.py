"""What happens to an award after its decision: versions, actions, appeals, reports, under-use."""
