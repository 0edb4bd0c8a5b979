"""What no document says about DRS: each question has an id, which code, answers and guides share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class By(Enum):
    """What it takes to see the answer."""

    READS = "reads"
    JOBS = "reads of named jobs"
    TEST = "a connection test"
    NOTHING = "nothing that a check may do"


@dataclass(frozen=True)
class Unknown:
    """A question that the vendor's documents leave open.

    :param id: the name of the question.
    :param question: the question.
    :param place: the file of this package that would change with the answer.
    :param by: what it takes to see the answer.
    """

    id: str
    question: str
    place: str
    by: By


UNKNOWNS = (
    Unknown("results-order", "Do results keep the order of the request?", "api/results.py", By.JOBS),
    Unknown("results-count", "Does count include jobs without a result?", "api/wire/objections.py", By.READS),
    Unknown("unknown-job", "How does a read answer an unknown job?", "api/statuses.py", By.READS),
    Unknown("unknown-members", "Does DRS refuse an unknown member?", "api/endpoint.py", By.READS),
    Unknown("code-prefix", "What do the codes of the gateway begin with?", "api/codes.py", By.READS),
    Unknown("rate-limits", "Which headers tell the limits of calls?", "api/pace.py", By.READS),
    Unknown("permissions", "Which IAM actions do the reads need?", "api/operation.py", By.READS),
    Unknown("actions", "Which words of job_action go with which status?", "api/operations/job_list.py", By.READS),
    Unknown("v3-removal", "Does v3 answer, and does it announce its end?", "api/client.py", By.READS),
    Unknown("v5", "Is there a v5?", "api/operations/job_list_v5.py", By.READS),
    Unknown("stored-secrets", "Do details have secrets?", "api/operations/job_details.py", By.JOBS),
    Unknown("precheck-running", "What has a pre-check while it runs?", "api/operations/precheck_result.py", By.JOBS),
    Unknown("test-failed-login", "How is a failed login told?", "api/wire/answers.py", By.TEST),
    Unknown("test-wrong-state", "How is a job outside of CONFIGURATION told in a test?", "api/readiness.py", By.TEST),
    Unknown("test-unknown-job", "How is an unknown job told in a test?", "api/wire/answers.py", By.TEST),
    Unknown("test-words", "Which words does a passed test have?", "api/operations/connection_test.py", By.TEST),
    Unknown("test-seconds", "How long does a test take?", "hooks/connection.py", By.TEST),
    Unknown("test-stores", "Does a passed test alone store the endpoint?", "api/store.py", By.TEST),
    Unknown(
        "certificate-checksum",
        "Of which bytes is ssl_cert_check_sum the digest?",
        "api/model/certificates.py",
        By.TEST,
    ),
    Unknown("back-to-configuration", "Can a job return to CONFIGURATION?", "api/model/job_status.py", By.NOTHING),
    Unknown(
        "cluster-password",
        "Which action of the cluster call changes a password?",
        "api/operations/cluster_connection_test.py",
        By.NOTHING,
    ),
    Unknown("refusals", "How are a store, a pre-check and a start refused?", "api/acceptance.py", By.NOTHING),
    Unknown(
        "order-of-steps",
        "Does DRS itself enforce test, store, pre-check, start?",
        "api/starts/verdict.py",
        By.NOTHING,
    ),
    Unknown(
        "precheck-validity", "How long does a pre-check count, and what voids it?", "api/starts/evidence.py", By.NOTHING
    ),
    Unknown(
        "second-precheck", "May a pre-check be requested while one runs?", "api/operations/precheck.py", By.NOTHING
    ),
    Unknown("second-start", "What does a second start do?", "api/start.py", By.NOTHING),
    Unknown(
        "partial-store",
        "What does a store do with what it leaves out?",
        "api/operations/job_modification.py",
        By.NOTHING,
    ),
    Unknown("task-page", "What is the address of a job's page in the console?", "hooks/console.py", By.NOTHING),
)
