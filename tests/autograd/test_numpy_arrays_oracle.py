"""scikit-learn on tensors that are in no graph: what it does with their arrays."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, mean_squared_error, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import glassgrad as gg

pytestmark = pytest.mark.oracle

DATA = np.random.default_rng(0).standard_normal((40, 3)).astype("float32")
LABELS = (DATA[:, 0] + 0.3 * DATA[:, 1] > 0).astype("int64")


@pytest.mark.parametrize(
    "call",
    [
        lambda x, y: StandardScaler().fit_transform(x),
        lambda x, y: MinMaxScaler().fit_transform(x),
        lambda x, y: PCA(2, svd_solver="full").fit_transform(x),
        lambda x, y: LogisticRegression().fit(x, y).predict_proba(x),
        lambda x, y: accuracy_score(y, y),
        lambda x, y: confusion_matrix(y, y),
        lambda x, y: mean_squared_error(x[:, 0], x[:, 1]),
        lambda x, y: roc_auc_score(y, x[:, 0]),
        lambda x, y: np.asarray(train_test_split(x, y, random_state=0)[0]),
    ],
)
def test_estimators_and_metrics(call):
    x, y = gg.tensor(DATA), gg.tensor(LABELS)
    np.testing.assert_array_equal(call(x, y), call(DATA, LABELS))
    with pytest.raises(TypeError, match=r"drop its gradient unseen.*\.detach\(\)"):
        StandardScaler().fit(gg.tensor(DATA, requires_grad=True))
