"""Checks that alerts and dashboard ask for metrics that the node describes.

Usage: metric_names.py: run at the top of the repository.
"""
import glob
import re
import sys

described = set()
for path in glob.glob("Sources/*/**/*.swift", recursive=True):
    with open(path, encoding="utf-8") as file:
        described |= set(re.findall(r'MetricDescription\(\s*"([a-z_]+)"', file.read()))

status = 0
for path in ["deploy/prometheus/alerts.yml", "deploy/grafana/trust-budget.json"]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name in sorted(set(re.findall(r"\b((?:trust_budget|process)_[a-z_]+)\b", text))):
        if re.sub("_(bucket|sum|count)$", "", name) not in described and name not in described:
            print(f"{path} asks for {name}, which no node has")
            status = 1
sys.exit(status)
