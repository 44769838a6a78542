from pathlib import Path

from spotforge_optimization.cpu import read_cpu


def test_the_model_and_the_instruction_sets_that_matter_are_read_from_cpuinfo(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(
        "processor\t: 0\nmodel name\t: Some CPU @ 2.9GHz\nflags\t\t: fpu avx2 avx512_vnni sse\n\nmodel name\t: other\n"
    )
    cpu = read_cpu(cpuinfo)
    assert (cpu.model, cpu.instruction_sets) == ("Some CPU @ 2.9GHz", ("avx2", "avx512_vnni"))


def test_arm_processors_name_their_features_otherwise(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nFeatures : fp asimd asimddp i8mm\nCPU part : 0xd40\n")
    cpu = read_cpu(cpuinfo)
    assert (cpu.model, cpu.instruction_sets) == ("0xd40", ("asimd", "asimddp", "i8mm"))


def test_a_machine_without_cpuinfo_is_unknown(tmp_path: Path) -> None:
    assert read_cpu(tmp_path / "missing").model == "unknown"
