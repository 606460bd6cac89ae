namespace ClipFunctions.Datasets.Plans;

/// <summary>A run of a plan's items, all of one split, that one machine works on.</summary>
/// <param name="Index">Which of the plan's shards it is, from 0.</param>
/// <param name="Split">The items' split.</param>
/// <param name="First">The index of its first item in the plan.</param>
/// <param name="Count">How many items it has.</param>
public readonly record struct DatasetShard(int Index, DatasetSplit Split, int First, int Count);
