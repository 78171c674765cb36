"""Tables on disk keep their ids as they were written."""

import pandas as pd
import pytest

from alignment.study import table_files


@pytest.mark.parametrize("name", ["annotator", "statement_id", "debate_id"])
def test_an_id_of_digits_is_read_as_it_was_written(tmp_path, name):
    path = table_files.write(
        pd.DataFrame({name: ["007", "1e3", ""], "votes": [1, 2, None]}), tmp_path / "06_ratings.csv"
    )
    read = table_files.read(path)
    assert read[name].tolist() == ["007", "1e3", ""] and read["votes"].tolist()[:2] == [1, 2]
