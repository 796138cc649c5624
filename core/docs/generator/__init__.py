# SPDX-License-Identifier: Apache-2.0
"""What makes the site's pages: build.py gathers them with this, and Sphinx draws them with it."""
