using System.Text;

namespace ClipFunctions.Probe.Tests;

/// <summary><c>.npy</c> files byte by byte, as NumPy writes them.</summary>
internal static class TestNpy
{
    public static byte[] File(string type, string shape, ReadOnlySpan<byte> data, bool fortran = false, byte version = 1)
    {
        int prefix = version == 1 ? 10 : 12;
        string text = $"{{'descr': '{type}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': ({shape}), }}";
        int length = ((prefix + text.Length + 1 + 63) / 64 * 64) - prefix;
        byte[] count = version == 1 ? [(byte)length, (byte)(length >> 8)] : BitConverter.GetBytes(length);
        return [0x93, .. "NUMPY"u8, version, 0, .. count, .. Encoding.Latin1.GetBytes(text.PadRight(length - 1) + "\n"), .. data];
    }
}
