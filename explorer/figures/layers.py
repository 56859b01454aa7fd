from explorer.ui.player.layers import *
