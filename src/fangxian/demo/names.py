"""Names as they are written in a committee's register: Chinese, Japanese with its reading, Korean, Latin."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Name:
    """`reading` is the kana of a Japanese name and the Latin spelling of a Korean one; empty elsewhere."""

    full: str
    family: str
    reading: str = ""


CHINESE_FAMILIES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭"
    "陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤施倪俞翁瞿奚鲍"
)
CHINESE_FAMILIES_TWO = ("欧阳", "上官", "诸葛", "司徒")
CHINESE_OLD_MALE = "国建志德明伟福荣根宝祥兴林生华文永海金龙才良庆忠义仁寿发昌荣鸿鹤松柏耀祖锦康"
CHINESE_OLD_FEMALE = "秀英兰珍凤玉桂芬芳美珠妹菊莲琴素月娥惠琳云彩霞巧琪文爱娟丽华静淑瑞香翠雅"
CHINESE_MIDDLE_MALE = "伟强军磊勇杰斌波辉刚健明亮涛平鹏飞东峰卫国庆文俊晓海宏志新立建民"
CHINESE_MIDDLE_FEMALE = "敏静丽艳娟萍红玲芳燕霞洁琳莉蓉慧颖晓梅雯佳倩瑾怡蕾薇洪婷琴卫"
CHINESE_YOUNG_MALE = "浩宇轩子涵晨博文俊杰天翊睿泽嘉昊铭逸凡皓明远思哲奕辰一诺承恩书恒乐"
CHINESE_YOUNG_FEMALE = "欣怡梓涵雨桐诗雅思琪佳颖若曦紫萱语嫣静宜一诺可馨悦依晨沐妍心玥安然乐"

JAPANESE_FAMILIES = (
    ("佐藤", "サトウ"), ("鈴木", "スズキ"), ("高橋", "タカハシ"), ("田中", "タナカ"), ("伊藤", "イトウ"),
    ("渡辺", "ワタナベ"), ("山本", "ヤマモト"), ("中村", "ナカムラ"), ("小林", "コバヤシ"), ("加藤", "カトウ"),
    ("吉田", "ヨシダ"), ("山田", "ヤマダ"), ("佐々木", "ササキ"), ("山口", "ヤマグチ"), ("松本", "マツモト"),
    ("井上", "イノウエ"), ("木村", "キムラ"), ("林", "ハヤシ"), ("斎藤", "サイトウ"), ("清水", "シミズ"),
    ("山崎", "ヤマザキ"), ("森", "モリ"), ("池田", "イケダ"), ("橋本", "ハシモト"), ("阿部", "アベ"),
    ("石川", "イシカワ"), ("前田", "マエダ"), ("藤田", "フジタ"), ("後藤", "ゴトウ"), ("岡田", "オカダ"),
)  # fmt: skip
JAPANESE_MALE = (
    ("健一", "ケンイチ"), ("大輔", "ダイスケ"), ("翔太", "ショウタ"), ("拓也", "タクヤ"), ("直樹", "ナオキ"),
    ("浩", "ヒロシ"), ("誠", "マコト"), ("隆", "タカシ"), ("悠斗", "ユウト"), ("陽翔", "ハルト"), ("蓮", "レン"),
    ("和也", "カズヤ"), ("雄太", "ユウタ"), ("修", "オサム"), ("学", "マナブ"), ("亮介", "リョウスケ"),
)  # fmt: skip
JAPANESE_FEMALE = (
    ("由美", "ユミ"), ("恵子", "ケイコ"), ("久美子", "クミコ"), ("陽子", "ヨウコ"), ("さくら", "サクラ"),
    ("美咲", "ミサキ"), ("葵", "アオイ"), ("結衣", "ユイ"), ("真由美", "マユミ"), ("智子", "トモコ"),
    ("幸子", "サチコ"), ("愛", "アイ"), ("ひなた", "ヒナタ"), ("菜々子", "ナナコ"), ("裕子", "ユウコ"),
    ("麻衣", "マイ"),
)  # fmt: skip
KOREAN_FAMILIES = (
    ("김", "Kim"), ("이", "Lee"), ("박", "Park"), ("최", "Choi"), ("정", "Jung"), ("강", "Kang"), ("조", "Cho"),
    ("윤", "Yoon"), ("장", "Jang"), ("임", "Lim"), ("한", "Han"), ("오", "Oh"), ("서", "Seo"), ("신", "Shin"),
    ("권", "Kwon"), ("황", "Hwang"), ("안", "Ahn"), ("송", "Song"),
)  # fmt: skip
KOREAN_MALE = (
    ("민준", "Min-jun"), ("서준", "Seo-jun"), ("도윤", "Do-yun"), ("예준", "Ye-jun"), ("성호", "Sung-ho"),
    ("영수", "Young-soo"), ("준혁", "Jun-hyuk"), ("상훈", "Sang-hoon"), ("재현", "Jae-hyun"), ("동욱", "Dong-wook"),
    ("진우", "Jin-woo"), ("태현", "Tae-hyun"),
)  # fmt: skip
KOREAN_FEMALE = (
    ("서연", "Seo-yeon"), ("지우", "Ji-woo"), ("하은", "Ha-eun"), ("수빈", "Soo-bin"), ("은정", "Eun-jung"),
    ("미경", "Mi-kyung"), ("영희", "Young-hee"), ("지현", "Ji-hyun"), ("유진", "Yu-jin"), ("혜진", "Hye-jin"),
    ("소영", "So-young"), ("다은", "Da-eun"),
)  # fmt: skip
LATIN_FAMILIES = {
    "US": ("Smith", "Johnson", "Miller", "Davis", "Wilson", "Anderson", "Taylor", "Moore"),
    "GB": ("Clarke", "Hughes", "Walker", "Bennett", "Murray", "Shaw"),
    "FR": ("Martin", "Bernard", "Dubois", "Moreau", "Laurent", "Lefèvre"),
    "DE": ("Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Wagner"),
    "SG": ("Tan", "Lim", "Ng", "Goh", "Koh", "Teo"),
    "AU": ("Brown", "Campbell", "Kelly", "Ryan", "Mitchell"),
    "IT": ("Rossi", "Russo", "Ferrari", "Esposito", "Bianchi"),
    "IN": ("Sharma", "Patel", "Gupta", "Singh", "Mehta"),
}
LATIN_MALE = {
    "US": ("James", "Michael", "Robert", "David", "Daniel"), "GB": ("Oliver", "George", "Harry", "Thomas"),
    "FR": ("Pierre", "Antoine", "Julien", "Nicolas"), "DE": ("Lukas", "Stefan", "Jürgen", "Felix"),
    "SG": ("Wei Ming", "Jun Jie", "Kai Wen"), "AU": ("Jack", "Liam", "Noah"), "IT": ("Marco", "Luca", "Andrea"),
    "IN": ("Rahul", "Arjun", "Vikram"),
}  # fmt: skip
LATIN_FEMALE = {
    "US": ("Mary", "Jennifer", "Linda", "Emily", "Sarah"), "GB": ("Charlotte", "Amelia", "Grace", "Alice"),
    "FR": ("Camille", "Claire", "Élodie", "Sophie"), "DE": ("Anna", "Katharina", "Julia", "Lena"),
    "SG": ("Hui Min", "Xin Yi", "Li Ting"), "AU": ("Chloe", "Ruby", "Mia"), "IT": ("Giulia", "Chiara", "Elena"),
    "IN": ("Priya", "Ananya", "Meera"),
}  # fmt: skip


def chinese(rng: Random, sex: str, birth_year: int, family: str = "") -> Name:
    """A Chinese name of the fashion of its birth year; `family` keeps a child's surname."""
    surname = family or (rng.choice(CHINESE_FAMILIES_TWO) if rng.random() < 0.004 else rng.choice(CHINESE_FAMILIES))
    if birth_year < 1962:
        signs = CHINESE_OLD_MALE if sex == "male" else CHINESE_OLD_FEMALE
        two = 0.86
    elif birth_year < 1988:
        signs = CHINESE_MIDDLE_MALE if sex == "male" else CHINESE_MIDDLE_FEMALE
        two = 0.55
    else:
        signs = CHINESE_YOUNG_MALE if sex == "male" else CHINESE_YOUNG_FEMALE
        two = 0.9
    given = rng.choice(signs) + (rng.choice(signs) if rng.random() < two else "")
    return Name(surname + given, surname)


def japanese(rng: Random, sex: str, family: str = "") -> Name:
    """`family` is a Japanese surname of this list or empty."""
    surname, surname_kana = _pair(rng, JAPANESE_FAMILIES, family)
    given, given_kana = rng.choice(JAPANESE_MALE if sex == "male" else JAPANESE_FEMALE)
    return Name(f"{surname} {given}", surname, f"{surname_kana} {given_kana}")


def korean(rng: Random, sex: str, family: str = "") -> Name:
    surname, surname_latin = _pair(rng, KOREAN_FAMILIES, family)
    given, given_latin = rng.choice(KOREAN_MALE if sex == "male" else KOREAN_FEMALE)
    return Name(surname + given, surname, f"{surname_latin} {given_latin}")


def latin(rng: Random, sex: str, nationality: str, family: str = "") -> Name:
    surname = family or rng.choice(LATIN_FAMILIES[nationality])
    given = rng.choice((LATIN_MALE if sex == "male" else LATIN_FEMALE)[nationality])
    return Name(f"{given} {surname}", surname)


def of(rng: Random, nationality: str, sex: str, birth_year: int, family: str = "") -> Name:
    if nationality == "JP":
        return japanese(rng, sex, family)
    if nationality == "KR":
        return korean(rng, sex, family)
    if nationality in LATIN_FAMILIES:
        return latin(rng, sex, nationality, family)
    return chinese(rng, sex, birth_year, family)


def _pair(rng: Random, families: tuple[tuple[str, str], ...], wanted: str) -> tuple[str, str]:
    if wanted:
        return next(pair for pair in families if pair[0] == wanted)
    return rng.choice(families)
