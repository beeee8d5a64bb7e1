"""The stock Xet library, one job per process, so that its caches are those of one machine (`HF_HOME`).

`up ENDPOINT TOKEN FILE...` prints `hash size` of each file and the bytes that dedupe saved;
`down ENDPOINT TOKEN TARGET HASH SIZE` fetches one file.
"""

import sys
import time

import hf_xet


def upload(endpoint: str, token: str, *paths: str) -> None:
    commit = hf_xet.XetSession().new_upload_commit(
        endpoint=endpoint, token=token, token_expiry_unix_secs=int(time.time()) + 3000
    )
    uploads = [commit.start_upload_file(path, sha256=hf_xet.COMPUTE_SHA256) for path in paths]
    report = commit.wait_to_finish()
    for one in uploads:
        info = one.result().xet_info
        print(info.hash, info.file_size)
    print("new", report.dedup_metrics.new_bytes)


def download(endpoint: str, token: str, target: str, file_hash: str, size: str) -> None:
    group = hf_xet.XetSession().new_file_download_group(
        endpoint=endpoint, token=token, token_expiry_unix_secs=int(time.time()) + 3000
    )
    group.start_download_file(hf_xet.XetFileInfo(file_hash, int(size)), target)
    group.wait_to_finish()


if __name__ == "__main__":
    {"up": upload, "down": download}[sys.argv[1]](*sys.argv[2:])
