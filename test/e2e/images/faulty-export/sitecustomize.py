"""A faulty exporter, as an image of its own would be: for the experiment named `corrupted-export` one weight of the ONNX file
is another. Python runs this file at start when its folder is on PYTHONPATH, in front of the optimization package."""

import importlib.abc
import importlib.machinery
import sys

EXPERIMENT = "corrupted-export"


class _FaultyExport(importlib.abc.MetaPathFinder):
    """Wraps `work` of the real export stage once it is imported; everything else is imported as ever."""

    def find_spec(self, name, path=None, target=None):
        if name != "spotforge_optimization.export_run":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def load_and_wrap(module):
            load(module)
            work, export = module.work, module.export_onnx

            def faulty(context):
                module.export_onnx = _corrupted(export) if context.spec.name == EXPERIMENT else export
                return work(context)

            module.work = faulty

        spec.loader.exec_module = load_and_wrap
        return spec


def _corrupted(export):
    def export_and_corrupt(*arguments, **named):
        import onnx

        exported = export(*arguments, **named)
        model = onnx.load(str(exported.file))
        weight = next(item for item in model.graph.initializer if item.name.endswith("classifier.weight"))
        values = onnx.numpy_helper.to_array(weight).copy()
        values[0, 0] += 0.01
        weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
        onnx.save(model, str(exported.file))
        return exported

    return export_and_corrupt


sys.meta_path.insert(0, _FaultyExport())
