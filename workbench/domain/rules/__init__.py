"""The rules of the subsidy scheme, one module a group: functions of values, no clock, no database."""
