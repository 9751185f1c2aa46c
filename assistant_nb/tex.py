r"""Which TeX in a text may be drawn. Pure.

In a saved copy and in an exported notebook Jupyter's MathJax draws formulas. It shares definitions and labels among all
formulas of the page, so `\def` in a message would change the learner's own cells. Other commands set ids, classes,
styles and links. So a formula is drawn only if it uses these commands, which have no effect outside of the formula.
Every other formula is shown as its source.

    is_harmless(r"$\frac{1}{2}$")
    True
    is_harmless(r"$\def\frac#1#2{0}$")
    False
"""

import re
from typing import Final

_NAMES: Final = """
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi omicron pi
varpi rho varrho sigma varsigma tau upsilon phi varphi chi psi omega digamma Gamma Delta Theta Lambda Xi Pi
Sigma Upsilon Phi Psi Omega aleph beth gimel daleth hbar hslash imath jmath ell wp Re Im partial infty prime
backprime emptyset varnothing nabla top bot angle measuredangle sphericalangle triangle triangledown square Box
blacksquare lozenge Diamond bigstar blacktriangle complement mho eth forall exists nexists neg lnot flat natural
sharp clubsuit diamondsuit heartsuit spadesuit checkmark maltese circledR circledS surd degree dagger ddagger S
P yen

pm mp times div cdot ast star circ bullet cap cup Cap Cup uplus sqcap sqcup vee wedge lor land setminus
smallsetminus wr diamond bigtriangleup bigtriangledown triangleleft triangleright lhd rhd unlhd unrhd oplus
ominus otimes oslash odot bigcirc amalg ltimes rtimes bowtie Join dotplus barwedge veebar doublebarwedge boxplus
boxminus boxtimes boxdot circledast circledcirc circleddash divideontimes intercal curlywedge curlyvee centerdot
leftthreetimes rightthreetimes

le leq leqq leqslant ge geq geqq geqslant lt gt ll gg lll ggg ne neq not equiv sim simeq approx approxeq cong
doteq doteqdot asymp propto varpropto models prec succ preceq succeq preccurlyeq succcurlyeq precsim succsim
precapprox succapprox lesssim gtrsim lessapprox gtrapprox lessgtr gtrless lesseqgtr gtreqless lessdot gtrdot
triangleq circeq eqcirc bumpeq Bumpeq risingdotseq fallingdotseq backsim backsimeq thicksim thickapprox eqsim in
notin ni owns subset supset subseteq supseteq subseteqq supseteqq subsetneq supsetneq subsetneqq supsetneqq
nsubseteq nsupseteq Subset Supset sqsubset sqsupset sqsubseteq sqsupseteq vdash dashv vDash Vdash Vvdash nvdash
nvDash mid nmid shortmid parallel nparallel perp frown smile between pitchfork vartriangle vartriangleleft
vartriangleright trianglelefteq trianglerighteq nless ngtr nleq ngeq lneq gneq lneqq gneqq lnsim gnsim nprec
nsucc nsim ncong therefore because colon coloneqq eqqcolon ratio

to gets mapsto leftarrow rightarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow longleftarrow
longrightarrow longleftrightarrow Longleftarrow Longrightarrow Longleftrightarrow longmapsto implies impliedby
iff uparrow downarrow updownarrow Uparrow Downarrow Updownarrow nearrow searrow swarrow nwarrow hookleftarrow
hookrightarrow leftharpoonup leftharpoondown rightharpoonup rightharpoondown leftrightharpoons rightleftharpoons
leftleftarrows rightrightarrows leftrightarrows rightleftarrows upuparrows downdownarrows twoheadleftarrow
twoheadrightarrow leftarrowtail rightarrowtail curvearrowleft curvearrowright circlearrowleft circlearrowright
rightsquigarrow leadsto upharpoonleft upharpoonright downharpoonleft downharpoonright restriction multimap
nleftarrow nrightarrow nLeftarrow nRightarrow nleftrightarrow nLeftrightarrow dashleftarrow dashrightarrow Lsh
Rsh xleftarrow xrightarrow xmapsto xrightleftharpoons xLeftarrow xRightarrow

sum prod coprod int iint iiint iiiint oint smallint bigcap bigcup bigvee bigwedge bigoplus bigotimes bigodot
biguplus bigsqcup limits nolimits lim limsup liminf varlimsup varliminf injlim projlim sup inf max min arg det
dim ker hom deg gcd exp ln log lg Pr sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth
operatorname bmod pmod mod pod

frac dfrac tfrac cfrac binom dbinom tbinom genfrac over choose atop sqrt root stackrel overset underset sideset
substack prescript hat widehat check tilde widetilde bar vec dot ddot dddot ddddot acute grave breve mathring
overline underline overbrace underbrace overbracket underbracket overrightarrow overleftarrow overleftrightarrow
underrightarrow underleftarrow underleftrightarrow boxed fbox cancel bcancel xcancel cancelto phantom hphantom
vphantom smash mathstrut bra ket braket Bra Ket Braket set Set ce pu

left right middle big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr bigm Bigm biggm Biggm langle
rangle lbrace rbrace lbrack rbrack lfloor rfloor lceil rceil lvert rvert lVert rVert vert Vert lgroup rgroup
lmoustache rmoustache ulcorner urcorner llcorner lrcorner backslash

begin end hline hdashline cr newline nonumber notag dots ldots cdots vdots ddots dotsc dotsb dotsm dotsi dotso
quad qquad enspace thinspace negthinspace medspace negmedspace thickspace negthickspace space nobreakspace

displaystyle textstyle scriptstyle scriptscriptstyle text textrm textbf textit textsf texttt textnormal mbox
hbox mathrm mathbf mathit mathsf mathtt mathbb mathcal mathfrak mathscr mathnormal boldsymbol bm pmb rm bf it sf
tt cal mathop mathbin mathrel mathord mathopen mathclose mathpunct mathinner tiny scriptsize small normalsize
large Large LARGE huge Huge color textcolor
"""
_COMMANDS: Final = frozenset(_NAMES.split())
_COMMAND: Final = re.compile(r"\\(?:([A-Za-z]+)|.)", re.DOTALL)
"""A backslash and the letters of a command's name, or a backslash and one other character."""


def is_harmless(formula: str) -> bool:
    return all(name in _COMMANDS for name in _COMMAND.findall(formula) if name)
