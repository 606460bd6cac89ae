"""Fits scikit-learn's LogisticRegression as openai/CLIP's README does: python3 sklearn_fit.py FOLDER C [OBJECTIVE]

With OBJECTIVE its L-BFGS-B goes on, beyond its own stopping rules, until C * sum(log loss) + |W|^2 / 2 is no larger (or for 1000 iterations).
Prints seconds, iterations, evaluations and peak memory in kB. The features are read before the clock starts.
"""
import sys
import time
import warnings

import numpy as np
import scipy.optimize
from sklearn.linear_model import LogisticRegression
import sklearn.linear_model._logistic as logistic

warnings.filterwarnings("ignore")  # that it did not converge shows in the iterations
folder, c, objective = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else None
evaluations = 0


class Reached(Exception):
    pass


class Optimize:
    """scipy.optimize as scikit-learn's module sees it: counts, and ends at the objective."""

    def __getattr__(self, name):
        return getattr(scipy.optimize, name)

    @staticmethod
    def minimize(function, start, args=(), options=None, **others):
        global evaluations
        iterations = 0

        def watched(w, *rest):
            value, gradient = function(w, *rest)
            watched.count += 1
            if objective is not None and value * c <= objective:  # scikit-learn's value is divided by C
                raise Reached(w.copy(), value)
            return value, gradient

        def count(_):
            nonlocal iterations
            iterations += 1

        watched.count = 0
        if objective is not None:
            options = dict(options, ftol=0, gtol=0, maxfun=10**6)
        try:
            result = scipy.optimize.minimize(watched, start, args=args, options=options, callback=count, **others)
        except Reached as reached:
            result = scipy.optimize.OptimizeResult(
                x=reached.args[0], fun=reached.args[1], nit=iterations + 1, nfev=watched.count, status=0, success=True, message=b"")
        evaluations += watched.count
        return result


logistic.optimize = Optimize()
features, labels = np.load(f"{folder}/features.npy"), np.load(f"{folder}/labels.npy")
start = time.perf_counter()
classifier = LogisticRegression(random_state=0, C=c, max_iter=1000).fit(features, labels)
seconds = time.perf_counter() - start
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(seconds, int(classifier.n_iter_.max()), evaluations, peak)
np.savez(f"{folder}/sklearn.npz", coef_=classifier.coef_, intercept_=classifier.intercept_, classes_=classifier.classes_)
