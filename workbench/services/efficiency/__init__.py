"""How busy the GPUs of jobs were: results by job and day, what idled in money, advice."""
