using ClipFunctions.Clip.Inference;

namespace ClipFunctions.Clip.Tests.Inference;

public class UsageGateTests
{
    [Fact]
    public void WhatIsInUseIsFreedByTheLastUser()
    {
        int freed = 0;
        UsageGate gate = new("thing", () => freed++);
        UsageGate.Usage first = gate.Enter();
        UsageGate.Usage second = gate.Enter();
        gate.Close();
        gate.Close();
        first.Dispose();
        Assert.Equal(0, freed);
        Assert.Throws<ObjectDisposedException>(() => gate.Enter());
        second.Dispose();
        Assert.Equal(1, freed);
    }

    [Fact]
    public void WhatNobodyUsesIsFreedAtOnceAndOnce()
    {
        int freed = 0;
        UsageGate gate = new("thing", () => freed++);
        gate.Enter().Dispose();
        gate.Close();
        gate.Close();
        Assert.Equal(1, freed);
    }
}
