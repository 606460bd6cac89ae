namespace ClipFunctions.Probe.Numerics;

/// <summary>SplitMix64 (Steele, Lea and Flood 2014): random numbers that are the same on every machine and version of .NET.</summary>
/// <param name="seed">Any number.</param>
internal struct SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number of 0 or more and below a limit; uneven by less than limit / 2⁶⁴.</summary>
    public int Below(int limit) => (int)Math.BigMul(Next(), (ulong)limit, out _);
}
