"""The city-specific part of Alertmanager's mail templates."""
