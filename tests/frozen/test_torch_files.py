"""PyTorch's weight files read without PyTorch; both files were written by PyTorch 2.13."""

import base64
import pickle
import zlib

import numpy as np
import pytest

from framework.frozen import torch_files

# {"a": float32 0..5 as [3, 2], a transposed view, "b": float16 (1.5, -2)}, deflated
ZIPPED = (
    r"""c-o~^&ui0A9Dn(-EN0rZ^+)Hxog>UHY17sz+7TrvIanvc@Dj2#YlB&{m%L6Cgo1Ri+Xlm<2wwaT^dyRZ"""
    r"""frs6^35q8V{sX?3xGqUqJKZC%k0jsEkN17wZ`#lq766_HLn90F!1S%QvuQ6hO=K1~9=n>F0gn=+M?Z%^"""
    r"""T%j<)gp`Fmj3^pi<hX%g`1WeoahnFRJAvmLn<W9#qPQ}Ng999Cwrt2m5J7W26FrC?3Xly6B{;Fd;MLmb"""
    r"""LQdxpoV>3Cozdwn$m^8OY{668mgTvwZ6U|&1j0SPY5R8bwqqdy3YVAR6oRLh;hB(a6=vF4y?vl~$8^^Q"""
    r"""g41D$46|)crxDB%A-WIqI@O0~x7&p49D?VU;e~Fop-=K3cD~>JjS*xvj!a<z@PiZ<*F1mSM8>A=2iUBp"""
    r"""vSB7=!uIah*B3;e8p$>bYKLrp^Jkc@)9S3-9i*w{)X^MkR25>N{sjJ{u>?KRKn~Og23DUU+au}L)a(DF"""
    r"""doWxFA=f4z`ZvB^<gf}i(nAK^OjPB9q^Z|VU?5`c)$z{~zVPhf`Fe>sD(w8&oxv|=#yFZ!I+8V2Jhmge"""
    r"""osUGTy1&1N1pqrzYdUrUgF-q{{>uVU|MIH!aQyktfzn|ChFcA6-@z65%q0D1I89A0{-YVGQk7-tYNb@J"""
    r"""%8S*SR4FYgl2WNCvb3m_l$xT*GJaemE<e4w^j5?^#Ly*0%np3U8!|iOJpCO@qvH)&NFZ-f;HVZ(lf;{7"""
    r"""HbJr*CmHJ8G*7${atWS14Tc*q4UboCCINp*gH-RNvGFQQVnrr}mDAXG4NWJodok=0xr-m|TyoDW7*li&"""
    r"""o#W;YN|d=WK=P?|ijLOzY_wt=`6mLOx#&Ln`c7~Wh7aST*gsi`i#q"""
)  # fmt: skip
LEGACY = (
    r"""c-n1HOHaZ;5N@{xbQQ#B;>{yoh!5m(Q4WTfY<%IR7t@ro(wa?|X}2VrkZ^&Bzrlk?e};d@pJ3v_DTpzK"""
    r"""$<8G6?aX}N%z!*o@%7U9+_`_d+Aa>r`G<kA4_d*>Yns*#rIM}`c8`aVF9XoAz{=u}@RbtW=0V$c0w7No"""
    r"""MNmC-xgGhBJOZN+X2D7!7<n>OkYdC#F!KWiX=YkxGD8L($S^aGXPi2s4(P6uq3adxSotENcF0??FWR=^"""
    r"""K_o-FcR+y@3RWf=j+IV_gE4KP4Iv$MGX*J_Rt{@wrOIBZQavn}Yt^GNq$WDtZj3t87YZ`hOk)NkBUoTM"""
    r"""Ge)pDc5!9FU4<J*^fGMokhf2LS5ct5O;}Q}+=T2zYzuN8YVl_LXO6i0rC<3+f3ROEL*7d>g0!m%Eg8ZZ"""
    r"""(}%D=_L9jP3O1Xtm7L=?ImeuKecnoh7m4;`$J%>Z`)h*}40U|y1N7JWH=;s<QU"""
)  # fmt: skip


@pytest.fixture(params=[ZIPPED, LEGACY], ids=["zipped", "legacy"])
def raw(request):
    return zlib.decompress(base64.b85decode(request.param))


def test_tensors_come_with_their_strides_and_types(raw, tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(raw)
    found = torch_files.read(file)
    assert found.keys() == {"a", "b"}
    np.testing.assert_array_equal(found["a"], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(found["b"], np.array([1.5, -2], np.float16))
    assert found["a"].dtype == np.float32 and found["b"].dtype == np.float16


def test_a_file_cut_off_is_refused(raw, tmp_path):
    file = tmp_path / "weights.pth"
    file.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(ValueError, match="weights.pth"):
        torch_files.read(file)


class Evil:
    def __reduce__(self):
        return print, ("run",)


def test_nothing_but_tensors_is_ever_made(tmp_path, capsys):
    file = tmp_path / "evil.pth"
    file.write_bytes(pickle.dumps(torch_files.MAGIC) + pickle.dumps(1) * 2 + pickle.dumps(Evil()))
    with pytest.raises(ValueError, match="print"):
        torch_files.read(file)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("offset", "size", "stride"), [(0, 2, -1), (-1, 1, 1), (0, 7, 1)])
def test_a_tensor_beyond_its_storage_is_refused(offset, size, stride):
    storage = torch_files._Storage("<f4")
    storage.numbers = np.arange(6, dtype=np.float32)
    with pytest.raises(pickle.UnpicklingError, match="storage"):
        torch_files._Tensor(storage, offset, (size,), (stride,)).array()
