// CPUs and an int8 model, one instance always warm; logs capped.
using '../main.bicep'

param environmentName = 'clip-cpu'
param location = 'westeurope'
param hosting = 'premium'
param premiumSku = 'EP2'
param model = 'ViT-B/32:int8'
param labels = ['a cat', 'a dog', 'a landscape']
param maxReplicas = 5
param coolAfterDays = 90
param image = 'example.azurecr.io/clip:cpu'
