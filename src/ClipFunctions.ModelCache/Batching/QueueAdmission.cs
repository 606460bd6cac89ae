namespace ClipFunctions.ModelCaching.Batching;

/// <summary>What happens to work that comes while the queue is full.</summary>
public enum QueueAdmission
{
    /// <summary>It is turned away with a <see cref="BatchQueueFullException"/>: for callers who can come again.</summary>
    IfRoom,

    /// <summary>It is taken in any case: for callers whose number is bounded elsewhere, such as a trigger's parallelism.</summary>
    Always,
}
