/* SPDX-License-Identifier: GPL-2.0 */
/*
 * livesplice: what lsp_comer exports, for lsp_caller.
 */
#ifndef _LIVESPLICE_LSP_COMER_H
#define _LIVESPLICE_LSP_COMER_H

int comer_answer(int x);

#endif /* _LIVESPLICE_LSP_COMER_H */
