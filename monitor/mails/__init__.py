"""What Alertmanager writes into mails: the city's part of its templates."""
