"""Applications from draft to award: steps, drafts, desk, meetings of the Committee, minutes, pace of decisions."""
