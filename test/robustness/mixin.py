"""What etcd publishes for Grafana and Prometheus (its repository, contrib/mixin): the queries of its
dashboard and its alerts, for the job `etcd`."""

import re

SELECTOR = 'job=~".*etcd.*"'
INSTANCE = "instance"
CLUSTER = f'{SELECTOR}, job="etcd"'
FAILED = 'grpc_code=~"Unknown|FailedPrecondition|ResourceExhausted|Internal|Unavailable|DataLoss|' \
         'DeadlineExceeded"'

DASHBOARD = [
    f'sum(etcd_server_has_leader{{{CLUSTER}}})',
    f'sum(rate(grpc_server_started_total{{{CLUSTER},grpc_type="unary"}}[$__rate_interval]))',
    f'sum(rate(grpc_server_handled_total{{{CLUSTER},grpc_type="unary",{FAILED}}}[$__rate_interval]))',
    *(f'sum(grpc_server_started_total{{{CLUSTER},grpc_service="etcdserverpb.{service}",'
      f'grpc_type="bidi_stream"}}) - sum(grpc_server_handled_total{{job="etcd",'
      f'grpc_service="etcdserverpb.{service}",grpc_type="bidi_stream"}})'
      for service in ("Watch", "Lease")),
    f'etcd_mvcc_db_total_size_in_bytes{{{CLUSTER}}}',
    *(f'histogram_quantile(0.99, sum(rate(etcd_disk_{what}_duration_seconds_bucket{{{CLUSTER}}}'
      f'[$__rate_interval])) by (instance, le))' for what in ("wal_fsync", "backend_commit")),
    f'process_resident_memory_bytes{{{CLUSTER}}}',
    *(f'rate(etcd_network_client_grpc_{way}_bytes_total{{{CLUSTER}}}[$__rate_interval])'
      for way in ("received", "sent")),
    *(f'sum(rate(etcd_network_peer_{way}_bytes_total{{{CLUSTER}}}[$__rate_interval])) by (instance)'
      for way in ("received", "sent")),
    f'sum(rate(etcd_server_proposals_failed_total{{{CLUSTER}}}[$__rate_interval]))',
    f'sum(etcd_server_proposals_pending{{{CLUSTER}}})',
    *(f'sum(rate(etcd_server_proposals_{what}_total{{{CLUSTER}}}[$__rate_interval]))'
      for what in ("committed", "applied")),
    f'changes(etcd_server_leader_changes_seen_total{{{CLUSTER}}}[1d])',
    f'histogram_quantile(0.99, sum by (instance, le) '
    f'(rate(etcd_network_peer_round_trip_time_seconds_bucket{{{CLUSTER}}}[$__rate_interval])))',
]

# By name; what comes twice is for two severities.
ALERTS = [
    ("etcdMembersDown",
     f'max without (endpoint) (sum without ({INSTANCE}) (up{{{SELECTOR}}} == bool 0) or '
     f'count without (To) (sum without ({INSTANCE}) '
     f'(rate(etcd_network_peer_sent_failures_total{{{SELECTOR}}}[120s])) > 0.01)) > 0'),
    ("etcdInsufficientMembers",
     f'sum(up{{{SELECTOR}}} == bool 1) without ({INSTANCE}) < '
     f'((count(up{{{SELECTOR}}}) without ({INSTANCE}) + 1) / 2)'),
    ("etcdNoLeader", f'etcd_server_has_leader{{{SELECTOR}}} == 0'),
    ("etcdHighNumberOfLeaderChanges",
     f'increase((max without ({INSTANCE}) (etcd_server_leader_changes_seen_total{{{SELECTOR}}}) or '
     f'0*absent(etcd_server_leader_changes_seen_total{{{SELECTOR}}}))[15m:1m]) >= 4'),
    *(("etcdHighNumberOfFailedGRPCRequests",
       f'100 * sum(rate(grpc_server_handled_total{{{SELECTOR}, {FAILED}}}[5m])) '
       f'without (grpc_type, grpc_code) / sum(rate(grpc_server_handled_total{{{SELECTOR}}}[5m])) '
       f'without (grpc_type, grpc_code) > {percent}') for percent in (1, 5)),
    ("etcdGRPCRequestsSlow",
     f'histogram_quantile(0.99, sum(rate(grpc_server_handling_seconds_bucket{{{SELECTOR}, '
     f'grpc_method!="Defragment", grpc_type="unary"}}[5m])) without(grpc_type)) > 0.15'),
    ("etcdMemberCommunicationSlow",
     f'histogram_quantile(0.99, '
     f'rate(etcd_network_peer_round_trip_time_seconds_bucket{{{SELECTOR}}}[5m])) > 0.15'),
    ("etcdHighNumberOfFailedProposals",
     f'rate(etcd_server_proposals_failed_total{{{SELECTOR}}}[15m]) > 5'),
    *(("etcdHighFsyncDurations",
       f'histogram_quantile(0.99, rate(etcd_disk_wal_fsync_duration_seconds_bucket{{{SELECTOR}}}[5m]))'
       f' > {seconds}') for seconds in (0.5, 1)),
    ("etcdHighCommitDurations",
     f'histogram_quantile(0.99, '
     f'rate(etcd_disk_backend_commit_duration_seconds_bucket{{{SELECTOR}}}[5m])) > 0.25'),
    ("etcdDatabaseQuotaLowSpace",
     f'(last_over_time(etcd_mvcc_db_total_size_in_bytes{{{SELECTOR}}}[5m]) / '
     f'last_over_time(etcd_server_quota_backend_bytes{{{SELECTOR}}}[5m]))*100 > 95'),
    ("etcdExcessiveDatabaseGrowth",
     f'predict_linear(etcd_mvcc_db_total_size_in_bytes{{{SELECTOR}}}[4h], 4*60*60) > '
     f'etcd_server_quota_backend_bytes{{{SELECTOR}}}'),
    ("etcdDatabaseHighFragmentationRatio",
     f'(last_over_time(etcd_mvcc_db_total_size_in_use_in_bytes{{{SELECTOR}}}[5m]) / '
     f'last_over_time(etcd_mvcc_db_total_size_in_bytes{{{SELECTOR}}}[5m])) < 0.5 and '
     f'etcd_mvcc_db_total_size_in_use_in_bytes{{{SELECTOR}}} > 104857600'),
]


def selectors(expression: str) -> set[str]:
    """Which series it looks at."""
    return set(re.findall(r"[a-z]\w*\{[^}]*\}", expression))


def within(expression: str, window: str) -> str:
    """The expression with each window of time as short as that."""
    return re.sub(r"\[[^\]]*\]", lambda match: f"[{window}:1s]" if ":" in match[0] else f"[{window}]",
                  expression)
