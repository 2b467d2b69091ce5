/** The portable tests: each file registers its modules, in every runtime. */

import bulk from "./bulk_test.ts";
import drive from "./drive_test.ts";
import effects from "./effects_test.ts";
import http from "./http_test.ts";
import index from "./index_test.ts";
import inspect from "./inspect_test.ts";
import notifyRestart from "./notify_restart_test.ts";
import notify from "./notify_test.ts";
import operator from "./operator_test.ts";
import persistence from "./persistence_test.ts";
import policy from "./policy_test.ts";
import type { Register } from "./runtime.ts";
import sign from "./sign_test.ts";
import signer from "./signer_test.ts";
import storeCached from "./store_cached_test.ts";
import store from "./store_test.ts";
import transcript from "./transcript_test.ts";
import trap from "./trap_test.ts";
import verifyCache from "./verify_cache_test.ts";
import verifyJwksFetch from "./verify_jwks_fetch_test.ts";
import verifyJwks from "./verify_jwks_test.ts";
import verifyPresets from "./verify_presets_test.ts";
import verifyRefusals from "./verify_refusals_test.ts";
import verifyRequest from "./verify_request_test.ts";
import verify from "./verify_test.ts";

const FILES: Register[] = [
  bulk,
  drive,
  effects,
  http,
  index,
  inspect,
  notify,
  operator,
  persistence,
  policy,
  sign,
  signer,
  store,
  storeCached,
  transcript,
  trap,
  verify,
  verifyRefusals,
  verifyCache,
  verifyJwks,
  verifyJwksFetch,
  verifyPresets,
  verifyRequest,
  notifyRestart,
];

/** What is tested when a runtime is started a second time on the same folders. */
const AFTER_RESTART: Register[] = [persistence, notifyRestart];

const suite: Register = (QUnit, runtime) => {
  for (const register of runtime.restarted ? AFTER_RESTART : FILES) register(QUnit, runtime);
};

export default suite;
