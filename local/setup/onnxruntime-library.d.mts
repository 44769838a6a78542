export const ONNXRUNTIME_VERSION: string;
export const ONNXRUNTIME_LIBRARY: string | undefined;
