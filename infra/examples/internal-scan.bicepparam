// Nothing is reached from the internet: the container is scanned, as Event Grid cannot reach in; one GPU stays on.
using '../main.bicep'

param environmentName = 'clip-internal'
param location = 'westus3'
param uploadTrigger = 'scan'
param publicIngress = false
param privateNetworking = true
param model = 'ViT-B/32:fp16'
param labels = ['a cat', 'a dog']
param minReplicas = 1
param image = 'example.azurecr.io/clip:cuda13'
