"""GitHub as the platform keyturn acts on; the only user of PyGithub."""
