namespace ClipFunctions.Reliability.Tests.Faults;

/// <summary>A plan that draws faults: by one seed, the n-th request gets the same one.</summary>
/// <param name="seed">Of the draws.</param>
/// <param name="rate">The share of requests with a fault, while <see cref="IsOn"/>.</param>
/// <param name="kinds">The faults; without any, all.</param>
internal sealed class RandomFaults(int seed, double rate, params StorageFault[] kinds)
{
    private readonly Random _random = new(seed);
    private readonly StorageFault[] _kinds = kinds.Length > 0 ? kinds : [.. Enum.GetValues<StorageFault>().Where(kind => kind is not (StorageFault.None or StorageFault.Forbidden))];

    /// <summary>Whether faults are drawn.</summary>
    public bool IsOn { get; set; }

    /// <summary>The fault of the next request.</summary>
    public ValueTask<StorageFault> NextAsync(ProxiedRequest request) => ValueTask.FromResult(Next(request));

    private StorageFault Next(ProxiedRequest request)
    {
        lock (_random)
        {
            if (!IsOn || _random.NextDouble() >= rate)
            {
                return StorageFault.None;
            }

            StorageFault fault = _kinds[_random.Next(_kinds.Length)];
            return fault == StorageFault.CutRequest && request.Body.IsEmpty ? StorageFault.Refused : fault;
        }
    }
}
