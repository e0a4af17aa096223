"""Who answers: models that differ, each the same in every run. `persona` says how, `cast` plays them."""
