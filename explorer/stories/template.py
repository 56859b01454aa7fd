"""The story that a lecturer starts from."""

from __future__ import annotations

TEMPLATE = r"""---
title: A story of your own
subject: What leaving the noise out does
minutes: 5
author: Your name
---

## From noise to two moons
link: /reverse_race?lane1=sde&lane2=none&lane3=none
code: explorer.diffusion.steps.euler_maruyama

The reverse SDE follows the score $\nabla\log p_t(x)$ and adds fresh
noise in every step. A thousand particles find the two moons.

look: The particles first gather, then part into the two moons.

## And without noise?

The ancestral step of DDPM ends in $+\sigma_t z$ with fresh noise $z$.
Suppose we set $z=0$.

question: Where do the particles end?
- [ ] On the moons, but sharper
- [x] In a heap, far narrower than the moons
- [ ] Where they started

reveal: Each step moves to a *mean*, and relies on its noise for the
spread. Without it, the spread is lost.

then: /reverse_race?lane1=sde&lane2=no-noise&lane3=none
"""
